"""What is infinitely far: drawn as a dome of large, smooth Gaussians around everything else.

What lies behind the silhouettes of one photo shows beside them in another, so the dome goes on behind them, and some
way beyond all photos: colours are averaged over the views by direction, on a chart of latitude and longitude, and
carried on from there.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from recon.network.chart import Chart
from recon.network.depth.complete import push_pull
from recon.network.depth.geometry import pixel_grid, sample
from render.cameras import Cameras
from render.gaussians import Gaussians

DEPTHS = 18.0
"""How far sky is drawn, in median depths of the rest: below 20 from most cameras, so that viewers still find it."""
STEP_DEG = 1.0
"""Between the dome's Gaussians: sky is smooth."""
COARSEST_DEG = 10.0
"""Where the number of Gaussians is capped."""
REACH_DEG = 60.0
"""How far the dome goes on beyond what photos show of it, where they show nothing else nearer by."""
BEHIND_DEG = 15.0
"""How far it goes on behind what stands before it. Farther down a hole had better stay dark than shine."""
FEATHER = 1 / 12
"""Of the long side; over so much of a picture, from where it ends there, its part in the average grows."""


def middle(cameras: Cameras) -> Float[Tensor, "3"]:
    """The dome's centre: the mean of the cameras."""
    return cameras.centres.mean(0)


def distance_along(cameras: Cameras, view: int, radius: float) -> Float[Tensor, "height width"]:
    """z-depth at which the ray of each pixel of a view meets the dome from within."""
    width, height = cameras.size_wh[view].tolist()
    K, T = cameras.K_px[view], cameras.T_world_camera[view]
    grid = pixel_grid(height, width, K.device).to(K.dtype)
    rays = torch.einsum("ij,jhw->hwi", T[:3, :3] @ torch.linalg.inv(K), grid)
    offset = T[:3, 3] - middle(cameras)
    a, b, c = rays.square().sum(-1), rays @ offset, offset @ offset - radius**2
    return ((-b + (b * b - a * c).clamp_min(0).sqrt()) / a).float()


def dome_radius(cameras: Cameras, depth: float, farthest: float) -> float:
    """Of a scene whose surfaces lie at this median depth and at most that far: around all of it and all cameras."""
    offset = float((cameras.centres - middle(cameras)).norm(dim=-1).max())
    return max(DEPTHS * depth, 2 * offset, 1.5 * farthest + offset)


def dome(
    pixels: Float[Tensor, "view 3 height width"],
    sky: Bool[Tensor, "view height width"],
    valid: Bool[Tensor, "view height width"],
    cameras: Cameras,
    radius: float,
    at_most: int,
) -> Gaussians:
    """The sky of one scene's views, nearer to each other in exposure, in no more than `at_most` Gaussians.

    `sky` must be somewhere; what is not `valid` shows nothing.
    """
    step_deg = STEP_DEG
    while True:
        seen = _sky(pixels, sky, valid, cameras, step_deg)
        if int(seen.within.sum()) <= at_most or step_deg > COARSEST_DEG:
            break
        step_deg *= 1.5
    return seen.chart.gaussians(seen.colours, seen.within, middle(cameras), radius)


@dataclass(frozen=True)
class _Sky:
    chart: Chart
    """Around the middle of the sky that is seen."""
    colours: Float[Tensor, "3 lat lon"]
    within: Bool[Tensor, "lat lon"]
    """Cells that get a Gaussian: near enough to what is seen."""


def _sky(
    pixels: Float[Tensor, "view 3 height width"],
    sky: Bool[Tensor, "view height width"],
    valid: Bool[Tensor, "view height width"],
    cameras: Cameras,
    step_deg: float,
) -> _Sky:
    chart = Chart.around(_mean_direction(sky, cameras), step_deg)
    shape, device = chart.directions.shape[:2], pixels.device
    total, weight = torch.zeros(3, *shape, device=device), torch.zeros(shape, device=device)
    looked = torch.zeros_like(weight, dtype=torch.bool)
    for v in range(len(sky)):
        colour, part, shown = _seen(pixels[v], sky[v], valid[v], cameras, v, chart.directions, step_deg)
        total += colour
        weight += part
        looked |= shown
    seen = weight > 0
    colours = torch.stack([push_pull(c / weight.clamp_min(1e-9), seen.float()) for c in total])
    from_sky, from_rest = chart.distance_deg(seen), chart.distance_deg(looked & ~seen)
    beyond = ~looked & (from_sky < from_rest) & (from_sky < REACH_DEG)
    return _Sky(chart, colours, chart.thinned & ((from_sky < BEHIND_DEG) | beyond))


def _mean_direction(sky: Bool[Tensor, "view height width"], cameras: Cameras) -> Float[Tensor, "3"]:
    """Of the sky that is seen, in the world."""
    height, width = sky.shape[1:]
    grid = pixel_grid(height, width, sky.device)
    mean = torch.zeros(3, device=sky.device)
    for v in range(len(sky)):
        K, R = cameras.K_px[v].float(), cameras.T_world_camera[v, :3, :3].float()
        mean += (R @ torch.linalg.inv(K) @ grid[:, sky[v]]).sum(1)
    return mean


def _seen(
    pixels: Float[Tensor, "3 height width"],
    sky: Bool[Tensor, "height width"],
    valid: Bool[Tensor, "height width"],
    cameras: Cameras,
    view: int,
    directions: Float[Tensor, "lat lon 3"],
    step_deg: float,
) -> tuple[Float[Tensor, "3 lat lon"], Float[Tensor, "lat lon"], Bool[Tensor, "lat lon"]]:
    """Sky colours that one view has in these directions times their weights, the weights, and where it shows anything.

    The weights are 0 beside its sky.
    """
    height, width = sky.shape
    K, R = cameras.K_px[view].float(), cameras.T_world_camera[view, :3, :3].float()
    size = 2 * int(float(K[0, 0]) * np.radians(step_deg) / 2) + 1
    share = avg_pool2d(sky[None].float(), size, stride=1, padding=size // 2)
    colour = avg_pool2d(pixels * sky, size, stride=1, padding=size // 2) / share.clamp_min(1e-6)
    framed = cv2.copyMakeBorder(sky.cpu().numpy().astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inward = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    feather = torch.from_numpy(np.minimum(inward / (FEATHER * max(sky.shape)), 1)).to(pixels.device)
    at = directions @ (K @ R.T).T
    front = at[..., 2] > 1e-6
    uv = at[..., :2] / torch.where(front, at[..., 2], torch.ones_like(at[..., 2]))[..., None]
    inside = front & (uv >= 0).all(-1) & (uv[..., 0] < width) & (uv[..., 1] < height)
    found = sample(torch.cat([colour * feather, feather[None], valid[None].float()]), uv) * inside
    return found[:3], found[3], found[4] > 0.5
