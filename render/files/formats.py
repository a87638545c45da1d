"""Every file format of scenes, by the ending of the name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from render.errors import ConfigError, FileFormatError
from render.files import usd
from render.files.glb import read_glb, write_glb
from render.files.ply import read_ply, write_ply
from render.files.ply_compressed import read_compressed_ply, write_compressed_ply
from render.files.ply_elements import header_of
from render.files.sog import read_sog, write_sog
from render.files.splat import read_splat, write_splat
from render.files.spz import read_spz, write_spz
from render.gaussians import Gaussians

OF_RUN = "scene.ply"
"""The scene in a folder that a run has left."""


@dataclass(frozen=True)
class SceneFormat:
    """One format, read and written; writing is under a temporary name and then renamed."""

    suffix: str
    """Ending of the file's name, in small letters."""
    read: Callable[[Path], Gaussians]
    """Raises FileFormatError for whatever is wrong with the content."""
    write: Callable[[Path, Gaussians], None]
    """Raises FileFormatError for values that no file may hold, OutputError where the folder cannot be written."""
    sh_degree: int
    """The highest degree of harmonics that is kept."""
    exact: bool
    """Whether values come back as they were, to float32's rounding."""
    attribute_bytes: dict[str, int | float]
    """Bytes of each Gaussian by attribute, before compression; of `sh_rest`, of each coefficient of RGB."""
    palette: int | None = None
    """Rows at most that all harmonics beyond the first are of; None for one of each Gaussian's own."""
    compressed: bool = False
    """Whether all of it is compressed in the end."""


FORMATS = (
    SceneFormat(
        ".compressed.ply", read_compressed_ply, write_compressed_ply, 3, False,
        {"bounds of chunks": 72 / 256, "means": 4, "quats": 4, "scales": 4, "colour": 3, "opacities": 1, "sh_rest": 3},
    ),
    SceneFormat(
        ".ply", read_ply, write_ply, 3, True,
        {"means": 12, "normals": 12, "colour": 12, "opacities": 4, "scales": 12, "quats": 16, "sh_rest": 12},
    ),
    SceneFormat(
        ".splat", read_splat, write_splat, 0, False,
        {"means": 12, "scales": 12, "colour": 3, "opacities": 1, "quats": 4},
    ),
    SceneFormat(
        ".spz", read_spz, write_spz, 3, False,
        {"means": 9, "opacities": 1, "colour": 3, "scales": 3, "quats": 4, "sh_rest": 3},
        compressed=True,
    ),
    SceneFormat(
        ".sog", read_sog, write_sog, 3, False,
        {"means": 6, "quats": 4, "scales": 3, "colour": 3, "opacities": 1, "sh_labels": 2, "sh_rest": 3},
        palette=1 << 16,
        compressed=True,
    ),
    SceneFormat(
        ".glb", read_glb, write_glb, 3, True,
        {"means": 12, "quats": 16, "scales": 12, "opacities": 4, "colour": 12, "sh_rest": 12},
    ),
)  # fmt: skip
"""Longer endings first."""
WRITTEN = (*(known.suffix for known in FORMATS), *usd.ENDINGS)
"""Endings of what `write_scene` writes; OpenUSD is written only."""


def is_scene(path: Path) -> bool:
    """Whether it is, or would be, the file of a scene that can be read: by its name."""
    return path.name.lower().endswith(tuple(known.suffix for known in FORMATS)) and not path.is_dir()


def scene_file(path: Path) -> Path:
    """`path`, or the scene in it, where it is a folder that a run has left.

    Raises:
        ConfigError: no format has its ending.
        FileFormatError: it does not exist, or is a folder without a scene.
    """
    if path.is_dir():
        if not (path / OF_RUN).is_file():
            raise FileFormatError(path, f"there is no {OF_RUN} in it; a scene's folder has one.")
        return path / OF_RUN
    if not path.exists():
        raise FileFormatError(path, "it does not exist; a run's folder, or the file of a scene, is right.")
    format_of(path)
    return path


def format_of(path: str | Path) -> SceneFormat:
    """The format that the file's name ends with.

    Raises:
        ConfigError: no format has this ending.
    """
    for known in FORMATS:
        if Path(path).name.lower().endswith(known.suffix):
            return known
    what = "OpenUSD is written, not read" if Path(path).suffix.lower() in usd.ENDINGS else "no scene has this ending"
    raise ConfigError(f"{path}: {what}; {', '.join(known.suffix for known in FORMATS)} are known.")


def format_of_content(path: str | Path) -> SceneFormat:
    """The same, but a .ply is told from a compressed one by its header: both are mostly called .ply.

    Raises:
        ConfigError: no format has this ending.
        FileFormatError: the file cannot be read.
    """
    path, known = Path(path), format_of(path)
    if not known.suffix.endswith(".ply"):
        return known
    try:
        with path.open("rb") as file:
            compressed = any(line.startswith("element chunk ") for line in header_of(path, file))
    except OSError as error:
        raise _unreadable(path, error) from error
    return format_of(".compressed.ply" if compressed else ".ply")


def read_scene(path: str | Path) -> Gaussians:
    """The Gaussians of a file of any known format, as float32 on the CPU, in OpenCV axes.

    Raises:
        ConfigError: no format has this ending.
        FileFormatError: the file cannot be read, or it is malformed.
    """
    path = Path(path)
    try:
        return format_of_content(path).read(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def write_scene(path: str | Path, gaussians: Gaussians) -> None:
    """Write a file of the format that its name ends with; harmonics that the format has no room for are left out.

    Raises:
        ConfigError: no format has this ending.
        BackendError: a package is missing that writes it.
        FileFormatError: a value is one that no file may hold.
        OutputError: the folder cannot be written.
    """
    path = Path(path)
    (usd.write_usd if path.suffix.lower() in usd.ENDINGS else format_of(path).write)(path, gaussians)


def _unreadable(path: Path, error: OSError) -> FileFormatError:
    return FileFormatError(path, f"the file cannot be read ({error.strerror or error}).")
