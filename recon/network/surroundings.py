"""What no photo shows: drawn as a smooth sphere behind everything else, coloured as what is seen near that direction.

New points of view look past the edges of all photos, and behind what stands in front. Nobody knows what is there, but
the colours nearby are a better guess than black. There are none where photos say that nothing is around: a mask, a
black backdrop.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from recon.network.chart import Chart
from recon.network.depth.complete import push_pull
from recon.network.depth.geometry import pixel_grid
from recon.network.dome import middle
from render.cameras import Cameras
from render.gaussians import Gaussians

STEP_DEG = 2.0
"""Between the sphere's Gaussians."""
SMOOTH = 2
"""Colours are averaged over so many steps to each side."""
REACH_DEG = 60.0
"""How far it goes beyond what photos show: a scene can still be looked into from behind."""
WITHIN = 0.999
"""Share of all points that lies within the sphere."""
BEYOND = 1.1
"""Its radius, in distances of the farthest of those."""
MAX_EMPTY = 0.05
"""Share of the photos that may show nothing; where it is more, nothing is around."""


def surroundings(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    depth: Float[Tensor, "view height width"],
    shown: Bool[Tensor, "view height width"],
    empty: Bool[Tensor, "view height width"],
) -> Gaussians | None:
    """Of one scene's views, nearer to each other in exposure; None where nothing is around.

    Args:
        shown: where the photos show something, sky included, which lies at a `depth` of its own.
        empty: where they say that nothing is there.
    """
    if not shown.any() or empty.float().mean() > MAX_EMPTY:
        return None
    centre = middle(cameras)
    offsets = torch.cat([_points(cameras, v, depth[v])[shown[v]] for v in range(len(pixels))]) - centre.float()
    distance = offsets.norm(dim=-1)
    farthest = distance.sort().values[int(WITHIN * (len(distance) - 1))]
    chart = Chart.around(cameras.T_world_camera[:, :3, 2].mean(0).float(), STEP_DEG)
    shape = chart.directions.shape[:2]
    cell = chart.cells(offsets / distance.clamp_min(1e-9)[:, None])
    count = torch.bincount(cell, minlength=shape.numel()).float()
    colours = torch.stack([pixels[:, c][shown] for c in range(3)])
    total = torch.stack([torch.bincount(cell, c, minlength=shape.numel()) for c in colours])
    seen = (count > 0).reshape(shape)
    around = _carried_on((total / count.clamp_min(1)).reshape(3, *shape), seen)
    near = chart.distance_deg(seen) < REACH_DEG
    return chart.gaussians(around, near & chart.thinned, centre, BEYOND * float(farthest))


def _points(cameras: Cameras, view: int, depth: Float[Tensor, "height width"]) -> Float[Tensor, "height width 3"]:
    """Of a view's pixels, in the world."""
    K, T = cameras.K_px[view], cameras.T_world_camera[view].to(depth.dtype)
    grid = pixel_grid(depth.shape[0], depth.shape[1], depth.device)
    rays = torch.einsum("ij,jhw->hwi", torch.linalg.inv(K).to(depth.dtype), grid)
    return rays * depth[..., None] @ T[:3, :3].T + T[:3, 3]


def _carried_on(colours: Float[Tensor, "3 lat lon"], seen: Bool[Tensor, "lat lon"]) -> Float[Tensor, "3 lat lon"]:
    """Everywhere, all the way round, and smooth."""
    half = colours.shape[2] // 2
    known = seen.float()
    wrapped = [torch.cat([x[:, half:], x, x[:, :half]], 1) for x in (*colours, known)]
    filled = torch.stack([push_pull(c, wrapped[3]) for c in wrapped[:3]])
    framed = pad(filled[None], (SMOOTH,) * 4, mode="replicate")
    return avg_pool2d(framed, 2 * SMOOTH + 1, stride=1)[0, :, :, half : half + colours.shape[2]]
