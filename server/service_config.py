"""All options of the service: `configs/serve.yaml` as dataclasses."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recon.config import build_config, compose_tree
from recon.devices import devices, memory_bytes
from render.errors import require
from server.config import BatcherConfig, EngineConfig, LimitsConfig, ResultsConfig
from server.guard_config import MetricsConfig, PrincipalConfig, SecurityConfig
from server.ray_config import RayConfig

DEVICE = "engine.device"
SHARE = 0.8
"""Of a device's memory; the rest is for others, and for the server itself."""


@dataclass(frozen=True)
class ServiceConfig:
    """Everything that a server can be told."""

    batcher: BatcherConfig
    folder: str = "snapsplat-results"
    """Where results are kept; it belongs to one server."""
    drain_seconds: float = 30.0
    """A server that is to stop waits so long for what it has begun, and then for those who fetch it."""
    engine: EngineConfig = field(default_factory=EngineConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    results: ResultsConfig = field(default_factory=ResultsConfig)
    security: SecurityConfig = field(default_factory=SecurityConfig)
    share: PrincipalConfig | None = None
    """Of each caller; without it, the usual one where callers are known, and no limit otherwise."""
    metrics: MetricsConfig | None = None
    """Where Prometheus finds them; without it, nowhere."""
    tracing: bool = False
    """Send traces, as the environment variables of OpenTelemetry say."""
    ray: RayConfig = field(default_factory=RayConfig)

    def __post_init__(self) -> None:
        require(self.drain_seconds >= 0, "drain_seconds", self.drain_seconds, "0 seconds or more")


def load_service_config(overrides: Sequence[str] = ()) -> ServiceConfig:
    """The configuration after Hydra overrides such as `batcher.max_jobs=8`.

    Raises:
        ConfigError: an override is malformed, names nothing that exists, or has a value of the wrong type or range.
        BackendError: CUDA was asked for and there is none.
    """
    tree = compose_tree("serve", overrides)
    if tree["batcher"]["device_bytes"] is not None:
        return build_config(ServiceConfig, tree)
    # Known once the rest is known to be of the right types.
    tree["batcher"]["device_bytes"] = 1
    config = build_config(ServiceConfig, tree)
    return replace(config, batcher=replace(config.batcher, device_bytes=_share(config)))


def _share(config: ServiceConfig) -> int:
    """What batches may need, of the smallest device; a CPU's memory holds uploads as well."""
    places, uploads = devices(config.engine.device, DEVICE), config.batcher.max_bytes
    there = min(memory_bytes(place) for place in places)
    if places != ["cpu"]:
        return round(SHARE * there)
    require(uploads < there, "batcher.max_bytes", uploads, f"less than the {there} bytes of memory that there are")
    return max(1, round(SHARE * (there - uploads)))
