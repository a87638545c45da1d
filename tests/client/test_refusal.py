"""Each row of the server's table reaches a caller as what the library would have raised."""

from typing import Any

import grpc
import pytest

import render.errors
from render.errors import BackendError, CamerasError, FileFormatError, InputError, OutputError, PhotoError
from server.errors import PrincipalLimitError, RequestError
from server.status import STATUS, status_of
from snapsplat.client.errors import ServiceError
from snapsplat.client.refusal import KINDS, Refusal, error_of, read_refusal


class Failed(grpc.RpcError):
    """A call that ended with a status."""

    def __init__(self, status: Any):
        self._status = status

    def code(self) -> grpc.StatusCode:
        return self._status.code

    def details(self) -> str:
        return self._status.details

    def trailing_metadata(self) -> Any:
        return self._status.trailing_metadata


def test_every_reason_that_has_a_class_is_the_server_s():
    assert set(KINDS) <= {row.reason for row in STATUS.values()}


OF_THE_SERVER = (OutputError, BackendError)
"""Of these the library speaks when it is this machine that has no room, or lacks something."""


@pytest.mark.parametrize("kind", [kind for kind in STATUS if kind.__name__ in vars(render.errors)])
def test_what_the_library_raises_is_raised_here_too(kind: type[Exception]):
    expected = ServiceError if kind in OF_THE_SERVER else kind
    assert KINDS.get(STATUS[kind].reason, ServiceError) is expected


def test_what_is_the_caller_s_to_mend_is_no_failure_of_the_service():
    uploads = {"UPLOAD_INVALID", "UPLOAD_INCOMPLETE", "CHECKSUM_MISMATCH"}
    mended = {row.reason for row in STATUS.values() if row.code is grpc.StatusCode.INVALID_ARGUMENT} - uploads
    assert mended <= set(KINDS)


@pytest.mark.parametrize(
    ("error", "kind", "field"),
    [
        (PhotoError("b.jpg", "is empty."), PhotoError, "images[1].photo"),
        (PhotoError("z.jpg", "is empty."), InputError, ""),
        (FileFormatError("a.ply", "this is none."), FileFormatError, ""),
        (RequestError("images[0].camera", "is no camera"), CamerasError, "images[0].camera"),
    ],
)
def test_the_sentence_and_the_field_stay(error: Exception, kind: type[Exception], field: str):
    names = ["a.jpg", "b.jpg"]
    found = error_of(read_refusal(Failed(status_of(error, names))), names)
    assert type(found) is kind
    assert (str(found), found.field) == (str(error), field)
    if isinstance(found, PhotoError):
        assert found.file == "b.jpg"


@pytest.mark.parametrize(("told", "found"), [(2.5, 3.0), (None, None)])
def test_when_to_come_again_is_read(told: float | None, found: float | None):
    error = PrincipalLimitError("too many", told)
    assert read_refusal(Failed(status_of(error))).retry_seconds == found


def test_who_is_no_server_of_ours_is_told_from_one():
    error = error_of(Refusal(grpc.StatusCode.UNAVAILABLE, "connection refused"))
    assert (type(error), error.reason) == (ServiceError, "")
    assert "UNAVAILABLE: connection refused" in str(error)
