"""A folder that belongs to one process at a time."""

import fcntl
from pathlib import Path
from typing import TextIO

from render.errors import OutputError


def locked(file: Path, refusal: str) -> TextIO:
    """`file`, made and locked until what is returned is closed, by the process' end at the latest; it stays.

    Raises:
        OutputError: another process has it; `refusal` says so.
        OSError: it cannot be made.
    """
    lock = file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise OutputError(refusal) from error
    return lock
