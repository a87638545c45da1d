"""One scene of a batch as it was asked for, and what it may be called: its id is the name of its folder."""

import unicodedata
from dataclasses import dataclass

from recon.batch.scene_options import SceneOptions
from render.errors import ConfigError

MAX_ID_BYTES = 150
UNFIT = frozenset('/\\:*?"<>|')
"""What some file system gives a meaning of its own."""
OURS = ("ledger.", "report.", "batch.")
"""Beginnings of the names of what stands beside the scenes."""


@dataclass(frozen=True)
class Scene:
    """Checked, but for its files."""

    id: str
    images: tuple[str, ...]
    """A folder, or photos; paths or URLs."""
    cameras: str | None
    """A `cameras.json`."""
    options: SceneOptions


def check_id(id: str) -> None:
    """That it is the name of a folder, on every system, and cannot lead out of the one it is in.

    Raises:
        ConfigError: it is not.
    """
    unfit = sorted(c for c in set(id) if c in UNFIT or not c.isprintable())
    if unfit:
        problem = f"has {unfit[0]!r}"
    elif not id or id != id.strip() or id.endswith("."):
        problem = "is empty, or begins or ends with a space, or ends with a dot"
    elif id.startswith("."):
        problem = "begins with a dot"
    elif id.casefold().startswith(OURS):
        problem = "is the name of a file that the batch writes"
    elif len(id.encode()) > MAX_ID_BYTES:
        problem = f"has {len(id.encode())} bytes, and {MAX_ID_BYTES} are the most"
    else:
        return
    raise ConfigError(f"id is {id!r}, which {problem}; it becomes the name of a folder, such as kitchen-2.")


def folded(id: str) -> str:
    """Equal where a file system may take two ids for one."""
    return unicodedata.normalize("NFC", id).casefold()
