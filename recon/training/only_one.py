"""A folder belongs to one training at a time: two would overwrite each other's weights."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from render.errors import OutputError

LOCK = "lock"
"""Name of the file that is locked; it stays, and means nothing by itself."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Until the block ends. Processes of one training (`torchrun`) share the first one's.

    Raises:
        OutputError: another process trains there.
    """
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"{folder} is being trained in by another process; stop that, or name another."
            ) from error
        yield
