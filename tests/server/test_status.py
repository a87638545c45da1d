"""Every failure has a code, a reason and, where a field is to blame, its path."""

import inspect
import pickle
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

import render.errors
import server.errors
from render.errors import MaskError, PhotoError, SnapsplatError
from server.errors import (
    ChecksumError,
    JobError,
    PrincipalLimitError,
    QueueFullError,
    RequestError,
    UnknownRequestError,
)
from server.status import STATUS, row_of, status_of

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


def told(error: Exception, names: tuple[str, ...] = ()) -> tuple[grpc.StatusCode, str, str, str]:
    """Code, message, reason and field, as a client reads them."""
    status = status_of(error, names)
    (trailer,) = status.trailing_metadata
    info, *rest = Status.FromString(trailer[1]).details
    reason, bad = ErrorInfo(), BadRequest()
    assert info.Unpack(reason)
    assert all(detail.Unpack(bad) for detail in rest)
    assert reason.domain == "snapsplat"
    return status.code, status.details, reason.reason, bad.field_violations[0].field if rest else ""


def test_a_client_reads_what_was_wrong():
    field = "images[3].photo"
    assert told(RequestError(field, "is odd.")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "images[3].photo is odd.",
        "REQUEST_INVALID",
        field,
    )
    assert told(ChecksumError(field, "is other."))[2:] == ("CHECKSUM_MISMATCH", field)
    assert told(QueueFullError("Later.")) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "Later.", "QUEUE_FULL", "")


def test_a_photo_is_named_by_its_place():
    error = PhotoError("b.jpg", "is empty.")
    assert told(error, ("a.jpg", "b.jpg"))[2:] == ("PHOTO_UNUSABLE", "images[1].photo")
    assert told(error, ("a.jpg",))[2:] == ("PHOTO_UNUSABLE", "")


def test_what_nobody_expected_is_not_told_to_strangers():
    assert told(ValueError("/secret/path"))[1:] == ("The server made a mistake.", "UNEXPECTED", "")


def every_error() -> list[type[Exception]]:
    roots = (SnapsplatError, JobError)
    modules = (render.errors, server.errors)
    kinds = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    return [kind for kind in kinds if issubclass(kind, SnapsplatError) and kind not in roots]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_a_row_of_its_own(kind: type[Exception]):
    assert row_of(kind) is STATUS[kind]


def test_reasons_are_told_apart_and_documented():
    rows = [f"| {row.code.name} | `{row.reason}` | {row.meaning} |" for row in STATUS.values()]
    assert len({row.reason for row in STATUS.values()}) == len(rows)
    assert [line for line in PROTOCOL.read_text().splitlines() if line.startswith("| ") and "`" in line] == rows


@pytest.mark.parametrize("kind", every_error())
def test_every_error_survives_the_way_between_processes(kind: type[Exception]):
    given = {UnknownRequestError: ("a",), PrincipalLimitError: ("It is odd.", 2.0)}
    error = kind(*given.get(kind, ("It is odd.",) if kind.__init__ is Exception.__init__ else ("0001.jpg", "is odd.")))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (kind, str(error), error.__dict__)


def test_the_mask_of_a_photo_is_to_blame_and_not_the_photo():
    assert told(MaskError("b.jpg", "is odd."), ("a.jpg", "b.jpg"))[3] == "images[1].mask"
