"""Finding the files that a capture names: regular files only, and none of what a file system would choke on."""

from collections.abc import Iterable, Sequence
from pathlib import Path

LISTED = 3


def first_file(candidates: Iterable[Path]) -> Path | None:
    """The first that is there; folders, pipes and devices are not."""
    return next((path for path in candidates if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # Such as a name that is too long.
        return False


def listed(names: Sequence[str]) -> str:
    """A few names, and that there are more."""
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def not_there(what: str, names: Sequence[str]) -> str:
    """A sentence about files that are named and missing; nothing where none is."""
    if not names:
        return ""
    return f"{len(names)} {what}{'s are' if len(names) > 1 else ' is'} named but not there: {listed(names)}."
