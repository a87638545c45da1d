"""One table of exit codes, complete, and the one that people are shown."""

import pytest
from typer.testing import CliRunner

from render import errors
from snapsplat.cli import app
from snapsplat.exit_codes import EXIT_CODES, exit_code

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.SnapsplatError]


@pytest.mark.parametrize("kind", [*KINDS, MemoryError, KeyboardInterrupt])
def test_every_kind_of_failure_has_a_code(kind: type[BaseException]):
    assert exit_code(kind) > 0


def test_a_photo_that_cannot_be_used_ends_as_photos_do():
    assert exit_code(errors.PhotoError) == exit_code(errors.InputError)


def test_a_kind_without_a_row_is_told():
    with pytest.raises(KeyError, match="ZeroDivisionError has no exit code"):
        exit_code(ZeroDivisionError)


def test_codes_tell_failures_apart():
    codes = [code for code, _ in EXIT_CODES.values()]
    assert len(set(codes)) == len(codes)
    # 1 is Python's own, for a bug.
    assert not set(codes) & {0, 1}


@pytest.mark.parametrize("arguments", [["--help"], ["reconstruct", "--help"]])
def test_help_shows_the_table(arguments: list[str]):
    shown = CliRunner().invoke(app, arguments).stdout
    for code, meaning in EXIT_CODES.values():
        assert f"{code}  {meaning}\n" in shown
