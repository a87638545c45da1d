"""What a server has to offer: what a request may ask for."""

from dataclasses import dataclass

SEEDS = range(2**31)


@dataclass(frozen=True)
class Model:
    """A network that can be asked for."""

    name: str
    description: str
    """A sentence for people."""
    photos: range
    """How many it takes."""


@dataclass(frozen=True)
class Offer:
    """Everything that can be named in a header."""

    models: tuple[Model, ...]
    """The first is the default."""
    file_kinds: tuple[str, ...]
    """The first is what comes back where nothing is asked for."""
    sizes_px: range
    """Of the working grid's long side."""
    default_size_px: int
    default_seed: int = 0
