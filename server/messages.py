"""What the server and a worker say to each other: small things only. Photos and results go by way of the disk."""

import pickle
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from render.cameras import Scale
from render.files.cameras_json import CamerasFile


@dataclass(frozen=True)
class SceneOrder:
    """One job of a batch."""

    job: str
    """Its id."""
    names: tuple[str, ...]
    """File name of each photo."""
    masked: tuple[bool, ...]
    """Whether a photo has a mask beside it."""
    scratch: Path
    """Holds the photos, see `photo_file` and `mask_file`; the worker removes it."""
    folder: Path
    """Where files go. If it is gone, nobody wants them."""
    cameras: CamerasFile
    size_px: int
    """Long side of the working grid."""
    file_kinds: tuple[str, ...]


@dataclass(frozen=True)
class BatchOrder:
    """To the worker: scenes to be made together."""

    batch: int
    """Its number, unique for one worker."""
    model: str
    seed: int
    scenes: tuple[SceneOrder, ...]


@dataclass(frozen=True)
class JobsEnded:
    """To the worker: nobody wants these any more."""

    batch: int
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class HangUp:
    """To the worker: go."""


@dataclass(frozen=True)
class Ready:
    """From the worker, first: networks are loaded and everything is compiled."""

    device: str
    """As `recon.cost_file.device_name` has it."""


@dataclass(frozen=True)
class Refused:
    """From the worker, instead of `Ready`: it cannot work."""

    error: Exception


@dataclass(frozen=True)
class StageDone:
    """From the worker: a stage of one job, or of the pack that it is in."""

    batch: int
    job: str
    stage: str
    seconds: float


@dataclass(frozen=True)
class Placed:
    """From the worker, when the stage "cameras" is done: where the photos of a job were taken from, in the order of the
    request. A batch that runs again says it again."""

    batch: int
    job: str
    origin: tuple[str, ...]
    """As `recon.prediction.CameraOrigin`."""
    K_px: Float[np.ndarray, "photo 3 3"]
    T_world_camera: Float[np.ndarray, "photo 4 4"]
    size_wh: Int[np.ndarray, "photo 2"]
    scale: Scale


@dataclass(frozen=True)
class SceneAnswer:
    """From the worker: its files are written, or why there are none."""

    batch: int
    job: str
    answer: dict[str, Any] | Exception
    """What `report.json` holds, and the stage "files" besides."""


@dataclass(frozen=True)
class BatchEnded:
    """From the worker, last of a batch; jobs without an answer were not wanted any more, or have failed with it."""

    batch: int
    failure: Exception | None
    ran: int
    """Scenes that were on the device."""
    seconds: float
    """That it took the device and the camera solvers, without those in which it waited for them."""
    peak_bytes: int
    """Most memory of the device meanwhile, without what rests there of other batches; for a CPU that of the process."""


Message = BatchOrder | JobsEnded | HangUp | Ready | Refused | StageDone | Placed | SceneAnswer | BatchEnded


def photo_file(scratch: Path, photo: int) -> Path:
    """Where the bytes of a photo are; what it is called is no name for a file here."""
    return scratch / f"{photo}.photo"


def mask_file(scratch: Path, photo: int) -> Path:
    """Where those of its mask are."""
    return scratch / f"{photo}.mask"


def send(connection: Connection, message: Message) -> None:
    """Pickled plainly: `Connection.send` would share the memory of tensors between the processes.

    Raises:
        OSError: nobody is there any more.
    """
    connection.send_bytes(pickle.dumps(message))


def receive(connection: Connection) -> Message:
    """The next one; waits for it.

    Raises:
        EOFError, OSError: nobody is there any more.
    """
    return pickle.loads(connection.recv_bytes())
