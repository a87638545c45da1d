"""Options that every stage's training has: how large samples are, and how many."""

from dataclasses import dataclass
from typing import ClassVar

from render.errors import require


@dataclass(frozen=True)
class StageConfig:
    """Of one stage; the stages differ in their names and in the photos that they need."""

    FEWEST_VIEWS: ClassVar[int] = 2
    NEEDS_DEPTH: ClassVar[bool] = False
    """Whether it learns from true depth."""
    name: str
    size: int = 256
    """Long side of the working grid."""
    views: int = 4
    """Photos a scene."""
    scenes: int = 20_000
    """How many different ones, at most."""
    first: int = 32
    """How many of them there must be before the first step."""
    reuse: float = 8.0
    """How often each sample is used, on the mean."""
    validation: int = 24
    """Scenes to validate on, at most: captures have as many as photos were held out."""

    def __post_init__(self) -> None:
        require(self.size % 16 == 0 and self.size >= 64, "stage.size", self.size, "a multiple of 16, 64 or more")
        require(self.views >= self.FEWEST_VIEWS, "stage.views", self.views, f"at least {self.FEWEST_VIEWS}")
        for name in ("scenes", "first", "validation"):
            require(getattr(self, name) >= 1, f"stage.{name}", getattr(self, name), "at least 1")
        require(self.reuse > 0, "stage.reuse", self.reuse, "above 0")

    @property
    def fewest(self) -> int:
        """Photos that a scene must have; of one with true depth, each makes a sample, and none may be missing."""
        return self.views if self.NEEDS_DEPTH else self.FEWEST_VIEWS
