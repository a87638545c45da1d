"""What the batcher can be told, and what a request may be, and what is kept."""

from dataclasses import dataclass

from render.errors import require


@dataclass(frozen=True)
class BatcherConfig:
    """Bounds, and what is traded for what."""

    device_bytes: int
    """Memory that a batch may need, of the smallest device if there are several."""
    max_jobs: int = 64
    """Jobs held at a time, running ones included."""
    max_bytes: int = 2 * 2**30
    """Bytes of their payloads."""
    batch_seconds: float = 2.0
    """A batch is full when one more job would keep the device and the camera solvers busy for longer, one after the
    other, though solvers beside a CUDA device leave it free for other batches; a larger job goes alone."""
    linger_seconds: float = 0.05
    """While its engine is busy with another, a batch that is not full waits so long for more jobs."""
    ageing_seconds: float = 30.0
    """Waiting that is worth one step of priority."""
    forget_seconds: float = 600.0
    """In which half of what running out of memory has taught is forgotten."""
    hang_factor: float = 10.0
    """An engine that takes so many times as long for a batch as was forecast hangs, and gets a new worker."""
    hang_seconds: float = 120.0
    """But no engine hangs sooner."""

    def __post_init__(self) -> None:
        for name in ("device_bytes", "max_jobs", "max_bytes"):
            value = getattr(self, name)
            require(value >= 1, name, value, "1 or more")
        for name in ("batch_seconds", "ageing_seconds", "forget_seconds", "hang_seconds"):
            value = getattr(self, name)
            require(value > 0, name, value, "more than 0 seconds")
        require(self.linger_seconds >= 0, "linger_seconds", self.linger_seconds, "0 seconds or more")
        require(self.hang_factor >= 1, "hang_factor", self.hang_factor, "1 or more")


@dataclass(frozen=True)
class LimitsConfig:
    """What one request may have: bytes by its header, pixels by those of its photos."""

    max_file_bytes: int = 100_000_000
    """Of a photo's file, or a mask's."""
    max_request_bytes: int = 500_000_000
    """Of all of them."""
    max_photo_pixels: int = 100_000_000
    """Of one photo, by its file's header: before any is decoded."""
    max_request_pixels: int = 400_000_000
    """Of all photos together."""
    header_seconds: float = 30.0
    """From the beginning of a call to its header."""
    upload_seconds: float = 300.0
    """From the header to the last byte: a client that is slower gives its place to others."""
    max_images: int = 1000
    """Of one call of Render."""
    max_side_px: int = 4096
    """Of each of them."""
    max_drawn_pixels: int = 500_000_000
    """Of all of them together."""

    def __post_init__(self) -> None:
        counts = ("max_images", "max_side_px", "max_drawn_pixels", "max_photo_pixels", "max_request_pixels")
        for name in ("max_file_bytes", "max_request_bytes", *counts):
            value = getattr(self, name)
            require(value >= 1, name, value, "1 or more")
        for name in ("header_seconds", "upload_seconds"):
            value = getattr(self, name)
            require(value > 0, name, value, "more than 0 seconds")


@dataclass(frozen=True)
class ResultsConfig:
    """How much is kept of what is done."""

    max_bytes: int = 20 * 10**9
    """Of all results. What is being read, and the newest, stay beyond it."""
    keep_seconds: float = 24 * 3600.0
    """After which a result goes though there is room."""

    def __post_init__(self) -> None:
        require(self.max_bytes >= 1, "max_bytes", self.max_bytes, "1 or more")
        require(self.keep_seconds > 0, "keep_seconds", self.keep_seconds, "more than 0 seconds")


@dataclass(frozen=True)
class EngineConfig:
    """The processes that run networks, one for each device."""

    models: tuple[str, ...] = ("small", "classical")
    """Networks of `configs/network`; the first is the default."""
    device: str = "auto"
    """`cpu`, `cuda` for every CUDA device that there is, or `auto`: CUDA where there is any."""
    solvers: int = 4
    """Processes that solve cameras beside each CUDA device. A CPU that is the device solves them itself."""
    start_seconds: float = 600.0
    """A worker that is not ready by then is given up; on its first start on a machine it compiles."""

    def __post_init__(self) -> None:
        require(len(self.models) > 0, "models", self.models, "one name or more")
        require(self.device in ("auto", "cpu", "cuda"), "device", self.device, "auto, cpu or cuda")
        require(self.solvers >= 1, "solvers", self.solvers, "1 or more")
        require(self.start_seconds > 0, "start_seconds", self.start_seconds, "more than 0 seconds")
