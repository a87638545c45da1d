"""What the wire answers to each kind of failure: one table, which docs/protocol.md shows.

The status code is for machinery that knows nothing of scenes, such as a proxy; the reason, in a `google.rpc.ErrorInfo`
among the status' details, is for the client; the message is for people. Where a part of the request is to blame, a
`google.rpc.BadRequest` has its path: `images[3].photo`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from grpc_status import rpc_status

from render.errors import (
    BackendError,
    CamerasError,
    ConfigError,
    FileFormatError,
    InputError,
    MaskError,
    OutputError,
    PhotoError,
    ReconstructionError,
    TooManyPixelsError,
)
from server.errors import (
    ChecksumError,
    DeadlineError,
    DrainingError,
    EngineError,
    IdTakenError,
    IncompleteUploadError,
    JobCancelledError,
    OutOfMemoryError,
    PrincipalLimitError,
    QueueFullError,
    RequestError,
    TooLargeError,
    UnauthenticatedError,
    UnknownNameError,
    UnknownRequestError,
    UploadError,
)

DOMAIN = "snapsplat"


@dataclass(frozen=True)
class Row:
    """What is said of one kind of failure."""

    code: StatusCode
    reason: str
    meaning: str
    """What happened, and what a client can do about it."""


STATUS: dict[type[Exception], Row] = {
    RequestError: Row(StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID", "a field makes no sense"),
    UnknownNameError: Row(StatusCode.INVALID_ARGUMENT, "NAME_UNKNOWN", "no such model or kind of file: ListModels"),
    ConfigError: Row(StatusCode.INVALID_ARGUMENT, "OPTION_INVALID", "an option is out of range"),
    UploadError: Row(StatusCode.INVALID_ARGUMENT, "UPLOAD_INVALID", "the chunks are not what the header announced"),
    IncompleteUploadError: Row(StatusCode.INVALID_ARGUMENT, "UPLOAD_INCOMPLETE", "bytes are missing: send all again"),
    ChecksumError: Row(StatusCode.INVALID_ARGUMENT, "CHECKSUM_MISMATCH", "bytes are wrong: send all again"),
    PhotoError: Row(StatusCode.INVALID_ARGUMENT, "PHOTO_UNUSABLE", "one photo cannot be read"),
    MaskError: Row(StatusCode.INVALID_ARGUMENT, "MASK_UNUSABLE", "the mask of one photo cannot be used"),
    TooManyPixelsError: Row(StatusCode.INVALID_ARGUMENT, "TOO_MANY_PIXELS", "one photo has more than are decoded"),
    InputError: Row(StatusCode.INVALID_ARGUMENT, "PHOTOS_UNUSABLE", "the photos, as a set, cannot make a scene"),
    CamerasError: Row(StatusCode.INVALID_ARGUMENT, "CAMERAS_INVALID", "given cameras contradict the photos"),
    FileFormatError: Row(StatusCode.INVALID_ARGUMENT, "FILE_MALFORMED", "a file is not of the format that it claims"),
    TooLargeError: Row(StatusCode.INVALID_ARGUMENT, "TOO_LARGE", "this server will never take it: send less"),
    UnauthenticatedError: Row(StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", "a token that is known is missing"),
    ReconstructionError: Row(StatusCode.FAILED_PRECONDITION, "NO_SCENE", "no scene can be made of these photos"),
    IdTakenError: Row(StatusCode.ALREADY_EXISTS, "ID_TAKEN", "another request has this id: choose a new one"),
    UnknownRequestError: Row(StatusCode.NOT_FOUND, "REQUEST_UNKNOWN", "no such request, or no longer: send it again"),
    QueueFullError: Row(StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "no place is free: try again later"),
    PrincipalLimitError: Row(
        StatusCode.RESOURCE_EXHAUSTED, "PRINCIPAL_LIMIT", "more than one caller's share: RetryInfo says when, if ever"
    ),
    OutOfMemoryError: Row(StatusCode.RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "the device ran out: later, or with less"),
    OutputError: Row(StatusCode.RESOURCE_EXHAUSTED, "NOT_STORED", "the server could not store the result: try later"),
    DrainingError: Row(StatusCode.UNAVAILABLE, "DRAINING", "the server is about to stop: try again, or elsewhere"),
    DeadlineError: Row(StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "it was not done in time"),
    JobCancelledError: Row(StatusCode.CANCELLED, "CANCELLED", "somebody cancelled it"),
    EngineError: Row(StatusCode.INTERNAL, "ENGINE_FAILED", "the engine failed twice at it"),
    BackendError: Row(StatusCode.INTERNAL, "BACKEND_MISSING", "the server lacks what was asked for"),
    Exception: Row(StatusCode.INTERNAL, "UNEXPECTED", "a mistake in the server, whose log has it"),
}
"""Kind of failure -> what is said of it; a subclass shares the row of its nearest ancestor here."""


def row_of(kind: type[Exception]) -> Row:
    """The row of the nearest ancestor in the table."""
    return next(STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS)


def status_of(error: Exception, names: Sequence[str] = ()) -> grpc.Status:
    """What a call is ended with; `names` are those of the request's photos.

    What an unexpected error says stays here: it may be about anything.
    """
    row = row_of(type(error))
    message = "The server made a mistake." if row is STATUS[Exception] else str(error)
    details: list[ErrorInfo | BadRequest | RetryInfo] = [ErrorInfo(reason=row.reason, domain=DOMAIN)]
    field = _field(error, names)
    if field:
        violation = BadRequest.FieldViolation(field=field, description=message, reason=row.reason)
        details.append(BadRequest(field_violations=[violation]))
    if isinstance(error, PrincipalLimitError) and error.retry_seconds is not None:
        # Rounded up: who comes a moment early would be refused again.
        details.append(RetryInfo(retry_delay=Duration(seconds=math.ceil(error.retry_seconds))))
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)
    return rpc_status.to_status(Status(code=row.code.value[0], message=message, details=packed))


def _field(error: Exception, names: Sequence[str]) -> str:
    if isinstance(error, RequestError):
        return error.field
    if isinstance(error, PhotoError) and error.file in names:
        part = "mask" if isinstance(error, MaskError) else "photo"
        return f"images[{names.index(error.file)}].{part}"
    return ""
