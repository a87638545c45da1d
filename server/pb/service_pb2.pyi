from server.pb import camera_pb2 as _camera_pb2
from server.pb import request_pb2 as _request_pb2
from server.pb import result_pb2 as _result_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FORMAT_UNSPECIFIED: _ClassVar[ImageFormat]
    IMAGE_FORMAT_JPEG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_PNG: _ClassVar[ImageFormat]
IMAGE_FORMAT_UNSPECIFIED: ImageFormat
IMAGE_FORMAT_JPEG: ImageFormat
IMAGE_FORMAT_PNG: ImageFormat

class ReconstructResponse(_message.Message):
    __slots__ = ("event", "accepted")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    event: _result_pb2.ResultEvent
    accepted: Accepted
    def __init__(self, event: _Optional[_Union[_result_pb2.ResultEvent, _Mapping]] = ..., accepted: _Optional[_Union[Accepted, _Mapping]] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetResultRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class GetResultResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _result_pb2.ResultEvent
    def __init__(self, event: _Optional[_Union[_result_pb2.ResultEvent, _Mapping]] = ...) -> None: ...

class CancelRequestRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class CancelRequestResponse(_message.Message):
    __slots__ = ("cancelled",)
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    cancelled: bool
    def __init__(self, cancelled: _Optional[bool] = ...) -> None: ...

class RenderRequest(_message.Message):
    __slots__ = ("request_id", "cameras", "format")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CAMERAS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    cameras: _containers.RepeatedCompositeFieldContainer[_camera_pb2.Camera]
    format: ImageFormat
    def __init__(self, request_id: _Optional[str] = ..., cameras: _Optional[_Iterable[_Union[_camera_pb2.Camera, _Mapping]]] = ..., format: _Optional[_Union[ImageFormat, str]] = ...) -> None: ...

class RenderResponse(_message.Message):
    __slots__ = ("camera_index", "size_bytes", "offset_bytes", "content")
    CAMERA_INDEX_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    camera_index: int
    size_bytes: int
    offset_bytes: int
    content: bytes
    def __init__(self, camera_index: _Optional[int] = ..., size_bytes: _Optional[int] = ..., offset_bytes: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "file_kinds")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    FILE_KINDS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    file_kinds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., file_kinds: _Optional[_Iterable[str]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "description", "min_photos", "max_photos")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIN_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    MAX_PHOTOS_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    min_photos: int
    max_photos: int
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., min_photos: _Optional[int] = ..., max_photos: _Optional[int] = ...) -> None: ...

class PlanRequest(_message.Message):
    __slots__ = ("model", "photos", "grid")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    model: str
    photos: int
    grid: _camera_pb2.Size
    def __init__(self, model: _Optional[str] = ..., photos: _Optional[int] = ..., grid: _Optional[_Union[_camera_pb2.Size, _Mapping]] = ...) -> None: ...

class PlanResponse(_message.Message):
    __slots__ = ("seconds", "gigabytes", "expected_wait_seconds", "refusal")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    GIGABYTES_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_WAIT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    gigabytes: float
    expected_wait_seconds: float
    refusal: str
    def __init__(self, seconds: _Optional[float] = ..., gigabytes: _Optional[float] = ..., expected_wait_seconds: _Optional[float] = ..., refusal: _Optional[str] = ...) -> None: ...
