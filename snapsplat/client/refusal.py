"""How a call failed, read from its status, and the exception that a caller sees instead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

from render.errors import (
    CamerasError,
    ConfigError,
    FileFormatError,
    InputError,
    MaskError,
    PhotoError,
    ReconstructionError,
    SnapsplatError,
    TooManyPixelsError,
)
from snapsplat.client.errors import ServiceError

KINDS: dict[str, type[SnapsplatError]] = {
    "REQUEST_INVALID": ConfigError,
    "NAME_UNKNOWN": ConfigError,
    "OPTION_INVALID": ConfigError,
    "ID_TAKEN": ConfigError,
    "PHOTO_UNUSABLE": PhotoError,
    "MASK_UNUSABLE": MaskError,
    "TOO_MANY_PIXELS": TooManyPixelsError,
    "PHOTOS_UNUSABLE": InputError,
    "TOO_LARGE": InputError,
    "CAMERAS_INVALID": CamerasError,
    "FILE_MALFORMED": FileFormatError,
    "NO_SCENE": ReconstructionError,
}
"""Reason -> what the library raises in such a case; any other is a `ServiceError`."""


@dataclass(frozen=True)
class Refusal:
    """The end of a call that did not go well."""

    code: grpc.StatusCode
    sentence: str
    reason: str = ""
    """As docs/protocol.md lists them; empty where it was not a server of ours that ended the call."""
    field: str = ""
    """Path of what is to blame in the request, such as `images[3].photo`; empty where nothing is."""
    retry_seconds: float | None = None
    """After which the server would take the same request; None where it does not say."""


def read_refusal(error: grpc.RpcError) -> Refusal:
    """What a failed call says, of grpc or grpc.aio."""
    call: Any = error
    info, bad, retry_seconds = ErrorInfo(), BadRequest(), None
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # Its details contradict it: somebody between us and the server.
        status = None
    for detail in status.details if status is not None else ():
        detail.Unpack(info)
        detail.Unpack(bad)
        retry = RetryInfo()
        if detail.Unpack(retry):
            retry_seconds = retry.retry_delay.ToTimedelta().total_seconds()
    field = bad.field_violations[0].field if bad.field_violations else ""
    return Refusal(call.code(), call.details() or "", info.reason, field, retry_seconds)


def error_of(refusal: Refusal, names: Sequence[str] = ()) -> SnapsplatError:
    """The exception for it; `names` are those of the request's photos."""
    if not refusal.reason:
        name = refusal.code.name
        if refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return ServiceError("It was not done in the time that was given; the server gives up as well.")
        return ServiceError(f"The server cannot be reached or did not answer ({name}: {refusal.sentence}).")
    error = _error(refusal, names)
    error.reason, error.field = refusal.reason, refusal.field
    return error


def _error(refusal: Refusal, names: Sequence[str]) -> SnapsplatError:
    kind = KINDS.get(refusal.reason, ServiceError)
    image = re.match(r"images\[(\d+)\]", refusal.field)
    name = names[int(image[1])] if image and int(image[1]) < len(names) else ""
    of_one = issubclass(kind, PhotoError)
    if of_one and name:
        return kind(name, refusal.sentence.removeprefix(f"{name} "))
    if kind is FileFormatError:
        path, _, problem = refusal.sentence.partition(": ")
        return FileFormatError(path, problem)
    if kind is ConfigError and ".camera" in refusal.field:
        return CamerasError(refusal.sentence)
    return (InputError if of_one else kind)(refusal.sentence)  # pyright: ignore[reportCallIssue]
