"""All directions as a chart of latitude and longitude, and Gaussians that draw a sphere of them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from render.gaussians import Gaussians
from render.sh import rgb_to_sh0

SIGMA = 0.8
"""Standard deviation of each Gaussian, in steps: wide enough to close, also where rows near the poles are thinned."""
OPACITY = 0.98


@dataclass(frozen=True)
class Chart:
    """Latitude by longitude, a step a cell, with latitude and longitude 0 in a direction of one's choice."""

    directions: Float[Tensor, "lat lon 3"]
    """Of the cells' middles, unit length, in the world."""
    axes: Float[Tensor, "3 3"]
    """Columns: the direction of latitude and longitude 0, that of longitude 90, and the pole."""
    thinned: Bool[Tensor, "lat lon"]
    """Cells that are enough to cover the sphere: near a pole they crowd together."""
    step_deg: float

    @staticmethod
    def around(direction: Float[Tensor, "3"], step_deg: float) -> "Chart":
        """With `direction` in the middle; if that has no length, any other."""
        rows = round(180 / step_deg)
        device = direction.device
        lat = torch.deg2rad((torch.arange(rows, device=device) + 0.5) * 180 / rows - 90)[:, None]
        lon = torch.deg2rad((torch.arange(2 * rows, device=device) + 0.5) * 180 / rows - 180)[None]
        flat = [torch.cos(lat) * torch.cos(lon), torch.cos(lat) * torch.sin(lon)]
        local = torch.stack([*flat, torch.sin(lat).expand(-1, lon.shape[1])], -1)
        every = (1 / torch.cos(lat)).round().long().clamp_min(1)
        thinned = torch.arange(lon.shape[1], device=device) % every == 0
        axes = _axes(direction)
        return Chart(local @ axes.T, axes, thinned, step_deg)

    def cells(self, directions: Float[Tensor, "n 3"]) -> Int[Tensor, "n"]:
        """Number, row by row, of the cell that each unit vector of the world lies in."""
        rows, columns = self.directions.shape[:2]
        x, y, z = (directions @ self.axes).unbind(-1)
        lat = ((torch.asin(z.clamp(-1, 1)) / np.pi + 0.5) * rows).long().clamp(0, rows - 1)
        lon = ((torch.atan2(y, x) / (2 * np.pi) + 0.5) * columns).long().clamp(0, columns - 1)
        return lat * columns + lon

    def distance_deg(self, cells: Bool[Tensor, "lat lon"]) -> Float[Tensor, "lat lon"]:
        """Angle from each cell to the nearest of these, 180 without any."""
        inner = -max_pool2d(-pad(cells[None, None].float(), (1, 1, 1, 1)), 3, stride=1)[0, 0] > 0
        edge = self.directions[cells & ~inner]
        cosine = torch.full(cells.shape, -1.0, device=cells.device)
        for part in edge.split(256):
            cosine = torch.maximum(cosine, (self.directions @ part.T).amax(-1))
        return torch.where(cells, torch.zeros_like(cosine), torch.rad2deg(torch.acos(cosine.clamp(-1, 1))))

    def gaussians(
        self,
        colours: Float[Tensor, "3 lat lon"],
        cells: Bool[Tensor, "lat lon"],
        centre: Float[Tensor, "3"],
        radius: float,
    ) -> Gaussians:
        """These cells on a sphere, in sRGB `colours`; its unit is the world's."""
        means = self.directions[cells].to(centre.dtype) * radius + centre
        n, device = len(means), means.device
        return Gaussians(
            means=means.float(),
            quats_wxyz=torch.tensor([1.0, 0, 0, 0], device=device).repeat(n, 1),
            scales=torch.full((n, 3), SIGMA * float(np.radians(self.step_deg)) * radius, device=device),
            opacities=torch.full((n,), OPACITY, device=device),
            sh=rgb_to_sh0(colours.permute(1, 2, 0)[cells])[:, None, :],
        )


def _axes(direction: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """An orthonormal basis that begins with the direction."""
    basis, _ = torch.linalg.qr(torch.cat([direction[:, None], torch.eye(3, device=direction.device)], 1))
    return basis * torch.where(basis[:, 0] @ direction < 0, -1.0, 1.0)
