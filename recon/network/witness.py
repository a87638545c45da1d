"""What the other views of a scene say of the points that one view puts into it, as numbers for a network.

The same questions as in `testimony`, with answers by degrees: how much nearer or farther a witness sees something,
how sure it is, how like the colours are, who sees finer, and from how far aside. Nothing depends on the order of views.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import max_pool2d

from recon.network.depth.agreement import Landing
from recon.network.depth.geometry import project, relative_projection, sample
from recon.network.testimony import Evidence, points_in_other

SAID = 11
"""Numbers of each witness."""
OWN = 7
"""Numbers of a point itself."""
RATIOS = (0.01, 0.05, 0.2)
"""Scales, in logarithms of depth, on which a witness tells near from far."""
DIFFERENCE = 0.1
"""Scale, in sRGB, on which colours are alike or not."""
FAR = 0.5
"""Sine of the largest angle that counts."""


@dataclass(frozen=True)
class Witnesses:
    """Of the points of one view's pixels."""

    said: Float[Tensor, "height width witness 11"]
    """By each other view: whether it would see the point at all; three times how much farther the point is than what it
    sees there; whether it is sure of that; difference in colour, at the place and at best around it; how much wider its
    own pixels are there; sine of the angle between the two lines of sight; whether it shows nothing there; or sky. All
    are 0 where it would not see the point."""
    own: Float[Tensor, "height width 7"]
    """Confidence; whether this is the backstop; whether the classical fusion keeps it; brightness; contrast around;
    jump of depth around, on the widest of the scales; a quarter of how many witnesses would see it."""


def witnesses(
    evidence: Evidence,
    sky: Bool[Tensor, "view height width"],
    confidence: Float[Tensor, "height width"],
    depth: Float[Tensor, "height width"],
    kept: Bool[Tensor, "height width"],
    backstop: bool,
    view: int,
    others: list[int],
) -> Witnesses:
    """Of the points of `view` at `depth`, by `others`; there is at least one."""
    said = torch.stack([_said(evidence, sky, depth, view, other) for other in others], -2)
    return Witnesses(said, own_numbers(evidence, said, confidence, depth, kept, backstop, view))


def own_numbers(
    evidence: Evidence,
    said: Float[Tensor, "height width witness 11"],
    confidence: Float[Tensor, "height width"],
    depth: Float[Tensor, "height width"],
    kept: Bool[Tensor, "height width"],
    backstop: bool,
    view: int,
) -> Float[Tensor, "height width 7"]:
    """`Witnesses.own`."""
    grey = evidence.pixels[view].mean(0)
    jump = (_highest(depth) / -_highest(-depth)).clamp_min(1).log()
    numbers = [
        confidence,
        torch.full_like(depth, float(backstop)),
        kept.to(depth.dtype),
        grey,
        _highest(grey) + _highest(-grey),
        (jump / RATIOS[-1]).tanh(),
        said[..., 0].sum(-1) / 4,
    ]
    return torch.stack(numbers, -1)


def _said(
    evidence: Evidence,
    sky: Bool[Tensor, "view height width"],
    depth: Float[Tensor, "height width"],
    view: int,
    other: int,
) -> Float[Tensor, "height width 11"]:
    """By one of them."""
    landing = Landing.of(evidence.cameras, 1 / depth, view, other)
    uv, _ = project(*relative_projection(evidence.cameras, view, other), 1 / depth)
    seen = landing.inside & landing.read(evidence.valid[other]).all(0)
    ratios = (landing.depth / landing.read(evidence.depth[other])).clamp(1e-3, 1e3).log()
    nearest = ratios.gather(0, ratios.abs().argmin(0)[None])[0]
    at_place = (sample(evidence.pixels[other], uv) - evidence.pixels[view]).abs().mean(0)
    around = torch.stack([landing.read(evidence.pixels[other, c]) - evidence.pixels[view, c] for c in range(3)])
    width = landing.read(evidence.width[other]).amin(0) / evidence.width[view]
    numbers = [
        *((nearest / scale).tanh() for scale in RATIOS),
        landing.read(evidence.sure[other]).to(depth.dtype).mean(0),
        (at_place / DIFFERENCE).tanh(),
        (around.abs().mean(0).amin(0) / DIFFERENCE).tanh(),
        width.clamp(1e-3, 1e3).log().tanh(),
        _sine(evidence, depth, view, other),
        landing.read(evidence.empty[other]).to(depth.dtype).mean(0),
        landing.read(sky[other]).to(depth.dtype).mean(0),
    ]
    inside = seen.to(depth.dtype)
    return torch.stack([inside, *(number * inside for number in numbers)], -1)


def _sine(
    evidence: Evidence, depth: Float[Tensor, "height width"], view: int, other: int
) -> Float[Tensor, "height width"]:
    """Of the angle between the two views' lines of sight to the points, 1 from `FAR` on."""
    there = points_in_other(evidence.cameras, depth, view, other)
    T = evidence.cameras.T_camera_world[other] @ evidence.cameras.T_world_camera[view]
    here = there - T[:3, 3].to(there.dtype)
    cross = torch.linalg.cross(there, here).norm(dim=-1)
    return (cross / (there.norm(dim=-1) * here.norm(dim=-1)).clamp_min(1e-12) / FAR).clamp_max(1)


def _highest(x: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """In the 3x3 pixels around."""
    return max_pool2d(x[None, None], 3, 1, 1)[0, 0]
