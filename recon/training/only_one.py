"""A folder belongs to one training at a time: two would overwrite each other's weights."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from render.files.lock import locked

LOCK = "lock"
"""Name of the file that is locked; it stays, and means nothing by itself."""


def is_first() -> bool:
    """Whether this process is the only one of its training, or the first that `torchrun` started."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Until the block ends. Processes of one training (`torchrun`) share the first one's.

    Raises:
        OutputError: another process trains there.
    """
    if not is_first():
        yield
        return
    with locked(folder / LOCK, f"{folder} is being trained in by another process; stop that, or name another."):
        yield
