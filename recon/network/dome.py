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
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from recon.network.depth.complete import push_pull
from recon.network.depth.geometry import pixel_grid, sample
from render.cameras import Cameras
from render.gaussians import Gaussians
from render.sh import rgb_to_sh0

DEPTHS = 18.0
"""How far sky is drawn, in median depths of the rest: below 20 from most cameras, so that viewers still find it."""
STEP_DEG = 1.0
"""Between the dome's Gaussians: sky is smooth."""
COARSEST_DEG = 10.0
"""Where the number of Gaussians is capped."""
SIGMA = 0.8
"""Standard deviation of each, in steps: wide enough to close, also where rows near the poles are thinned out."""
REACH_DEG = 60.0
"""How far the dome goes on beyond what photos show of it, where they show nothing else nearer by."""
BEHIND_DEG = 15.0
"""How far it goes on behind what stands before it. Farther down a hole had better stay dark than shine."""
FEATHER = 1 / 12
"""Of the long side; over so much of a picture, from where it ends there, its part in the average grows."""
OPACITY = 0.98


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
    """The sky of one scene's views, evened out in exposure, in no more than `at_most` Gaussians.

    `sky` must be somewhere; what is not `valid` shows nothing.
    """
    step_deg = STEP_DEG
    while True:
        chart = _chart(pixels, sky, valid, cameras, step_deg)
        if int(chart.within.sum()) <= at_most or step_deg > COARSEST_DEG:
            break
        step_deg *= 1.5
    means = chart.directions[chart.within].to(cameras.K_px.dtype) * radius + middle(cameras)
    colours = chart.colours.permute(1, 2, 0)[chart.within]
    n = len(colours)
    identity = torch.tensor([1.0, 0, 0, 0], device=pixels.device)
    return Gaussians(
        means=means.float(),
        quats_wxyz=identity.repeat(n, 1),
        scales=torch.full((n, 3), SIGMA * np.radians(step_deg) * radius, device=pixels.device, dtype=torch.float32),
        opacities=torch.full((n,), OPACITY, device=pixels.device),
        sh=rgb_to_sh0(colours)[:, None, :],
    )


@dataclass(frozen=True)
class _Chart:
    """Latitude by longitude, a step a cell, around the middle of the sky that is seen."""

    directions: Float[Tensor, "lat lon 3"]
    """Unit length, in the world."""
    colours: Float[Tensor, "3 lat lon"]
    within: Bool[Tensor, "lat lon"]
    """Cells that get a Gaussian: near enough to what is seen, and not crowded together near a pole."""


def _chart(
    pixels: Float[Tensor, "view 3 height width"],
    sky: Bool[Tensor, "view height width"],
    valid: Bool[Tensor, "view height width"],
    cameras: Cameras,
    step_deg: float,
) -> _Chart:
    device = pixels.device
    rows = round(180 / step_deg)
    lat = torch.deg2rad((torch.arange(rows, device=device) + 0.5) * 180 / rows - 90)[:, None]
    lon = torch.deg2rad((torch.arange(2 * rows, device=device) + 0.5) * 180 / rows - 180)[None]
    local = torch.stack(
        [torch.cos(lat) * torch.cos(lon), torch.cos(lat) * torch.sin(lon), torch.sin(lat).expand(-1, lon.shape[1])], -1
    )
    directions = local @ _axes(sky, cameras).T
    total, weight = torch.zeros(3, *local.shape[:2], device=device), torch.zeros(local.shape[:2], device=device)
    looked = torch.zeros_like(weight, dtype=torch.bool)
    for v in range(len(sky)):
        colour, part, shown = _seen(pixels[v], sky[v], valid[v], cameras, v, directions, step_deg)
        total += colour
        weight += part
        looked |= shown
    seen = weight > 0
    colours = torch.stack([push_pull(c / weight.clamp_min(1e-9), seen.float()) for c in total])
    from_sky, from_rest = _distance_deg(local, seen), _distance_deg(local, looked & ~seen)
    beyond = ~looked & (from_sky < from_rest) & (from_sky < REACH_DEG)
    every = (1 / torch.cos(lat)).round().long().clamp_min(1)
    thinned = torch.arange(lon.shape[1], device=device) % every == 0
    return _Chart(directions, colours, thinned & ((from_sky < BEHIND_DEG) | beyond))


def _distance_deg(directions: Float[Tensor, "lat lon 3"], cells: Bool[Tensor, "lat lon"]) -> Float[Tensor, "lat lon"]:
    """Angle from each cell to the nearest of these, 180 without any."""
    inner = -max_pool2d(-pad(cells[None, None].float(), (1, 1, 1, 1)), 3, stride=1)[0, 0] > 0
    edge = directions[cells & ~inner]
    cosine = torch.full(cells.shape, -1.0, device=cells.device)
    for part in edge.split(256):
        cosine = torch.maximum(cosine, (directions @ part.T).amax(-1))
    return torch.where(cells, torch.zeros_like(cosine), torch.rad2deg(torch.acos(cosine.clamp(-1, 1))))


def _axes(sky: Bool[Tensor, "view height width"], cameras: Cameras) -> Float[Tensor, "3 3"]:
    """Columns: the mean direction of the sky that is seen, and two across it."""
    height, width = sky.shape[1:]
    grid = pixel_grid(height, width, sky.device)
    mean = torch.zeros(3, device=sky.device)
    for v in range(len(sky)):
        K, R = cameras.K_px[v].float(), cameras.T_world_camera[v, :3, :3].float()
        mean += (R @ torch.linalg.inv(K) @ grid[:, sky[v]]).sum(1)
    # The other columns of any orthonormal basis that begins with it.
    basis, _ = torch.linalg.qr(torch.cat([mean[:, None], torch.eye(3, device=sky.device)], 1))
    return basis * torch.sign(basis[:, 0] @ mean)


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
