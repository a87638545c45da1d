from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Scale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCALE_UNSPECIFIED: _ClassVar[Scale]
    SCALE_RELATIVE: _ClassVar[Scale]
    SCALE_METRIC: _ClassVar[Scale]

class CameraOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAMERA_ORIGIN_UNSPECIFIED: _ClassVar[CameraOrigin]
    CAMERA_ORIGIN_GIVEN: _ClassVar[CameraOrigin]
    CAMERA_ORIGIN_SOLVED: _ClassVar[CameraOrigin]
    CAMERA_ORIGIN_GUESSED: _ClassVar[CameraOrigin]
    CAMERA_ORIGIN_NOT_REGISTERED: _ClassVar[CameraOrigin]
SCALE_UNSPECIFIED: Scale
SCALE_RELATIVE: Scale
SCALE_METRIC: Scale
CAMERA_ORIGIN_UNSPECIFIED: CameraOrigin
CAMERA_ORIGIN_GIVEN: CameraOrigin
CAMERA_ORIGIN_SOLVED: CameraOrigin
CAMERA_ORIGIN_GUESSED: CameraOrigin
CAMERA_ORIGIN_NOT_REGISTERED: CameraOrigin

class Size(_message.Message):
    __slots__ = ("width_px", "height_px")
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    width_px: int
    height_px: int
    def __init__(self, width_px: _Optional[int] = ..., height_px: _Optional[int] = ...) -> None: ...

class Intrinsics(_message.Message):
    __slots__ = ("fx_px", "fy_px", "cx_px", "cy_px")
    FX_PX_FIELD_NUMBER: _ClassVar[int]
    FY_PX_FIELD_NUMBER: _ClassVar[int]
    CX_PX_FIELD_NUMBER: _ClassVar[int]
    CY_PX_FIELD_NUMBER: _ClassVar[int]
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    def __init__(self, fx_px: _Optional[float] = ..., fy_px: _Optional[float] = ..., cx_px: _Optional[float] = ..., cy_px: _Optional[float] = ...) -> None: ...

class Camera(_message.Message):
    __slots__ = ("size", "intrinsics", "t_world_camera")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    INTRINSICS_FIELD_NUMBER: _ClassVar[int]
    T_WORLD_CAMERA_FIELD_NUMBER: _ClassVar[int]
    size: Size
    intrinsics: Intrinsics
    t_world_camera: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, size: _Optional[_Union[Size, _Mapping]] = ..., intrinsics: _Optional[_Union[Intrinsics, _Mapping]] = ..., t_world_camera: _Optional[_Iterable[float]] = ...) -> None: ...

class KnownCamera(_message.Message):
    __slots__ = ("size", "fx_px", "fy_px", "cx_px", "cy_px", "t_world_camera")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    FX_PX_FIELD_NUMBER: _ClassVar[int]
    FY_PX_FIELD_NUMBER: _ClassVar[int]
    CX_PX_FIELD_NUMBER: _ClassVar[int]
    CY_PX_FIELD_NUMBER: _ClassVar[int]
    T_WORLD_CAMERA_FIELD_NUMBER: _ClassVar[int]
    size: Size
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    t_world_camera: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, size: _Optional[_Union[Size, _Mapping]] = ..., fx_px: _Optional[float] = ..., fy_px: _Optional[float] = ..., cx_px: _Optional[float] = ..., cy_px: _Optional[float] = ..., t_world_camera: _Optional[_Iterable[float]] = ...) -> None: ...

class PlacedPhoto(_message.Message):
    __slots__ = ("name", "origin", "camera")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    name: str
    origin: CameraOrigin
    camera: Camera
    def __init__(self, name: _Optional[str] = ..., origin: _Optional[_Union[CameraOrigin, str]] = ..., camera: _Optional[_Union[Camera, _Mapping]] = ...) -> None: ...

class Cameras(_message.Message):
    __slots__ = ("scale", "photos")
    SCALE_FIELD_NUMBER: _ClassVar[int]
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    scale: Scale
    photos: _containers.RepeatedCompositeFieldContainer[PlacedPhoto]
    def __init__(self, scale: _Optional[_Union[Scale, str]] = ..., photos: _Optional[_Iterable[_Union[PlacedPhoto, _Mapping]]] = ...) -> None: ...
