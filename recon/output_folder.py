"""The folder that a run writes into: checked before the work starts, filled all at once when it is done."""

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from render.errors import OutputError


def check_output_folder(folder: str | Path) -> None:
    """Find out, and leave no trace, whether `folder` can be made and written; to be called before a long run.

    Raises:
        OutputError: it is a file, lies below one, or cannot be written.
    """
    folder = Path(folder)
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not existing.is_dir():
            raise OutputError(f"{folder} cannot be written: {existing} is a file, and a folder is expected.")
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=existing):
            pass
    except OSError as error:
        raise refused(folder, error) from error


@contextlib.contextmanager
def filled_at_once(folder: Path, last: str) -> Iterator[Path]:
    """An empty folder to write into; when all is written, each file takes its place in `folder`, `last` being last.

    Files of the same names are replaced, others stay. If anything fails or is interrupted before that, `folder` is
    as it was.

    Raises:
        OutputError: `folder` cannot be made or written.
    """
    made = False
    try:
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder))
        try:
            yield staging
            _move_into_place(staging, folder, last)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except BaseException as error:
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise refused(folder, error) from error
        raise


def _move_into_place(staging: Path, folder: Path, last: str) -> None:
    files = sorted(
        (file.relative_to(staging) for file in staging.rglob("*") if file.is_file()),
        key=lambda name: (name == Path(last), name),
    )
    for name in files:
        if (folder / name).is_dir():
            raise OutputError(f"{folder / name} is a folder, and a file is to be written there; move it away.")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for name in files:
        (staging / name).replace(folder / name)


def disk_is_full(error: BaseException | None) -> bool:
    """Whether that is why nothing could be written: no other folder of that disk would do."""
    return error is not None and (
        (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)) or disk_is_full(error.__cause__)
    )


def refused(folder: Path, error: OSError) -> OutputError:
    """The sentence for what the system said of `folder`."""
    return OutputError(
        f"{folder} cannot be written ({error.strerror or error}); name a folder that can, with space left."
    )
