"""How many replicas the service has on Ray, and what each gets."""

from dataclasses import dataclass

from render.errors import require


@dataclass(frozen=True)
class RayConfig:
    """For `snapsplat serve --ray` alone."""

    min_replicas: int = 1
    max_replicas: int = 1
    target_requests: float = 8.0
    """Calls under way, for each replica, that Ray aims at: with more it starts another, with fewer it ends one."""
    cpus: float = 1.0
    """Of each; networks on a CPU have so many threads."""
    gpus: float = 0.0
    """Of each; with a share of one, say `engine.device=cuda` and less of `batcher.device_bytes`."""

    def __post_init__(self) -> None:
        require(self.min_replicas >= 1, "min_replicas", self.min_replicas, "1 or more")
        fits = self.max_replicas >= self.min_replicas
        require(fits, "max_replicas", self.max_replicas, f"min_replicas, {self.min_replicas}, or more")
        require(self.target_requests > 0, "target_requests", self.target_requests, "more than 0")
        require(self.cpus > 0, "cpus", self.cpus, "more than 0")
        require(self.gpus >= 0, "gpus", self.gpus, "0 or more")
