from server.pb import camera_pb2 as _camera_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImagePart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_PART_UNSPECIFIED: _ClassVar[ImagePart]
    IMAGE_PART_PHOTO: _ClassVar[ImagePart]
    IMAGE_PART_MASK: _ClassVar[ImagePart]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]
IMAGE_PART_UNSPECIFIED: ImagePart
IMAGE_PART_PHOTO: ImagePart
IMAGE_PART_MASK: ImagePart
PRIORITY_UNSPECIFIED: Priority
PRIORITY_LOW: Priority
PRIORITY_NORMAL: Priority
PRIORITY_HIGH: Priority

class ReconstructRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: ReconstructHeader
    chunk: ImageChunk
    def __init__(self, header: _Optional[_Union[ReconstructHeader, _Mapping]] = ..., chunk: _Optional[_Union[ImageChunk, _Mapping]] = ...) -> None: ...

class ReconstructHeader(_message.Message):
    __slots__ = ("request_id", "options", "images", "scale", "file_kinds", "priority")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    FILE_KINDS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    options: ReconstructOptions
    images: _containers.RepeatedCompositeFieldContainer[ImageHeader]
    scale: _camera_pb2.Scale
    file_kinds: _containers.RepeatedScalarFieldContainer[str]
    priority: Priority
    def __init__(self, request_id: _Optional[str] = ..., options: _Optional[_Union[ReconstructOptions, _Mapping]] = ..., images: _Optional[_Iterable[_Union[ImageHeader, _Mapping]]] = ..., scale: _Optional[_Union[_camera_pb2.Scale, str]] = ..., file_kinds: _Optional[_Iterable[str]] = ..., priority: _Optional[_Union[Priority, str]] = ...) -> None: ...

class ReconstructOptions(_message.Message):
    __slots__ = ("model", "size_px", "seed")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SIZE_PX_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    model: str
    size_px: int
    seed: int
    def __init__(self, model: _Optional[str] = ..., size_px: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class ImageHeader(_message.Message):
    __slots__ = ("name", "photo", "camera", "mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    name: str
    photo: Payload
    camera: _camera_pb2.KnownCamera
    mask: Payload
    def __init__(self, name: _Optional[str] = ..., photo: _Optional[_Union[Payload, _Mapping]] = ..., camera: _Optional[_Union[_camera_pb2.KnownCamera, _Mapping]] = ..., mask: _Optional[_Union[Payload, _Mapping]] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("size_bytes", "sha256")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    sha256: bytes
    def __init__(self, size_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class ImageChunk(_message.Message):
    __slots__ = ("image_index", "part", "offset_bytes", "content")
    IMAGE_INDEX_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    image_index: int
    part: ImagePart
    offset_bytes: int
    content: bytes
    def __init__(self, image_index: _Optional[int] = ..., part: _Optional[_Union[ImagePart, str]] = ..., offset_bytes: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...
