"""What a runner and its workers say to each other: small things only. Photos and results go by way of the disk."""

from dataclasses import dataclass
from pathlib import Path

from recon.batch.places import InputFile
from recon.network.splat_network import NetworkConfig


@dataclass(frozen=True)
class SceneOrder:
    """One scene of a pack."""

    id: str
    photos: tuple[InputFile, ...]
    cameras: InputFile | None
    size: int
    """Long side of the working grid."""
    staged: Path
    """The folder to write, which is not there yet."""


@dataclass(frozen=True)
class PackOrder:
    """To a worker: scenes to be made together."""

    number: int
    """Of the run."""
    network: NetworkConfig
    seed: int
    scenes: tuple[SceneOrder, ...]


@dataclass(frozen=True)
class Ready:
    """From a worker, first."""


@dataclass(frozen=True)
class Refused:
    """From a worker, instead of anything else: it cannot work."""

    error: Exception


@dataclass(frozen=True)
class SceneMade:
    """From a worker: its files are whole in `SceneOrder.staged`."""

    pack: int
    id: str
    sha256: tuple[str, ...]
    """Of its inputs, photos in their order, then the cameras."""
    outputs: dict[str, tuple[int, str]]
    """Path in the folder -> bytes and sha256."""
    seconds: float
    peak_bytes: int
    quality: float | None
    verdict: str | None


@dataclass(frozen=True)
class SceneFailed:
    """From a worker: there is no scene, and why."""

    pack: int
    id: str
    kind: str
    sentence: str
    trace: str = ""
    """Of what is a mistake in the code, for the log."""


@dataclass(frozen=True)
class PackEnded:
    """From a worker, last of a pack; every scene has been told by then."""

    pack: int
    ran: int
    """Scenes that were on the device together; 0 where they were not, or their time says nothing of others'."""
    seconds: float
    """That the device was busy with them."""
    peak_bytes: int
    ran_out: bool
    """Whether memory did not do for all at once; they were made in smaller packs."""


Order = PackOrder | None
"""None: go."""
Message = Ready | Refused | SceneMade | SceneFailed | PackEnded
