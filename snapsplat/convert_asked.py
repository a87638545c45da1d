"""What one call of `snapsplat convert` asks for."""

from dataclasses import dataclass
from typing import Literal

EVERY_PHOTO = "{}"
"""In OUT, what the name of each photo takes the place of."""


@dataclass(frozen=True)
class Asked:
    """Options of one call."""

    up: Literal["-y", "y", "z"]
    center: bool
    scale: float
    sh_degree: int | None
    crop: str | None
    max_gaussians: int | None
    text: bool

    @property
    def moves(self) -> bool:
        """Whether any option changes the frame."""
        return (self.up, self.center, self.scale) != ("-y", False, 1.0)

    @property
    def edits(self) -> bool:
        """Whether any option changes the Gaussians, beside their frame."""
        return (self.sh_degree, self.crop, self.max_gaussians) != (None, None, None)
