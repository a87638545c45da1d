"""What a backend composites, before the background is put behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Layers:
    """Sums over the Gaussians that a pixel sees, w being opacity times the transmittance in front."""

    rgb: Float[Tensor, "view height width 3"]
    """sum(w colour), over black."""
    weighted_depth: Float[Tensor, "view height width"]
    """sum(w z)."""
    transmittance: Float[Tensor, "view height width"]
    """What is left of the light from behind, 1 - sum(w)."""

    @property
    def alpha(self) -> Float[Tensor, "view height width"]:
        """1 - transmittance."""
        return 1 - self.transmittance

    @staticmethod
    def stack(views: Sequence["Layers"]) -> "Layers":
        """One view behind the other."""
        return Layers(
            rgb=torch.cat([view.rgb for view in views]),
            weighted_depth=torch.cat([view.weighted_depth for view in views]),
            transmittance=torch.cat([view.transmittance for view in views]),
        )
