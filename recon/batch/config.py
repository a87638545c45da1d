"""How a batch is run; what scenes are made with is `recon/batch/scene_options.py`."""

from dataclasses import dataclass

from recon.outputs import FILE_KINDS
from render.errors import require

SHARE = 0.8
"""Of a device's memory, for all its workers together; the rest is for others."""


@dataclass(frozen=True)
class BatchConfig:
    """Of one machine."""

    workers: int | None = None
    """Processes, each with a device; of more than there are devices, several share one. None: one for each."""
    device: str = "auto"
    """`cpu`, `cuda` for every CUDA device, or `auto`: CUDA where there is any."""
    kinds: tuple[str, ...] = FILE_KINDS
    """Files of a scene."""
    batch_seconds: float = 30.0
    """A pack is full when one more scene would keep the device busy for longer; a larger scene goes alone."""
    hang_factor: float = 10.0
    """A worker that is silent for so many times what all that it has was forecast to take has hung."""
    hang_seconds: float = 600.0
    """But none hangs sooner."""

    def __post_init__(self) -> None:
        require(self.workers is None or self.workers >= 1, "--workers", self.workers, "1 or more")
        require(self.batch_seconds > 0, "batch_seconds", self.batch_seconds, "more than 0 seconds")
