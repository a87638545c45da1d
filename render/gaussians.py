"""A scene as 3D Gaussians: activated values in the world frame (Kerbl et al. 2023, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Gaussians:
    """`n` Gaussians. The covariance of each is R diag(scales)^2 R^T with R the rotation of its quaternion."""

    means: Float[Tensor, "n 3"]
    """Centres in the world."""
    quats_wxyz: Float[Tensor, "n 4"]
    """Unit quaternions, real part first, from the Gaussian's axes to the world's."""
    scales: Float[Tensor, "n 3"]
    """Standard deviations along the Gaussian's axes, in the world's unit, > 0."""
    opacities: Float[Tensor, "n"]
    """In (0, 1)."""
    sh: Float[Tensor, "n coeff 3"]
    """Spherical-harmonics coefficients of RGB in sRGB, in INRIA's basis; 1, 4, 9 or 16 of them."""

    def __len__(self) -> int:
        return self.means.shape[0]

    @property
    def sh_degree(self) -> int:
        """0 to 3."""
        return {1: 0, 4: 1, 9: 2, 16: 3}[self.sh.shape[1]]

    def __getitem__(self, chosen: Bool[Tensor, "n"] | Int[Tensor, "m"] | slice) -> "Gaussians":
        """The Gaussians chosen by a mask, indices or a slice."""
        return Gaussians(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def to(self, device: torch.device | str | torch.dtype) -> "Gaussians":
        """The same Gaussians on another device or in another floating type."""
        return Gaussians(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    def with_coefficients(self, coeff: int) -> "Gaussians":
        """The same colours in `coeff` (1, 4, 9 or 16, and not fewer than now) harmonics."""
        more = self.sh.new_zeros(len(self), coeff - self.sh.shape[1], 3)
        return replace(self, sh=torch.cat([self.sh, more], 1))

    @staticmethod
    def concatenate(parts: Sequence["Gaussians"]) -> "Gaussians":
        """All parts behind each other; they must share one SH degree."""
        return Gaussians(**{f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Gaussians)})
