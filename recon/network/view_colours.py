"""Colour that depends on direction: towards another photo's place, a Gaussian takes on the colour it shows there.

Depth is never exact, surfaces shine, exposures differ. What a viewer near one of the photos should see is that photo,
as in the unstructured lumigraph (Buehler et al. 2001, section 3); spherical harmonics of degree 1 can hold the first
order of it. Their constant is the photo's own colour, for viewers that know nothing else. This module is the readable
twin in torch; `view_colours_cpu` is the fast one.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE, Landing
from recon.network.depth.geometry import pixel_grid, project, relative_projection, sample
from render.cameras import Cameras
from render.sh import SH_C1, rgb_to_sh0

STIFFNESS = 0.005
"""Of the change of colour with direction: the squared sine of the angle at which half of another photo's remains."""


def view_colours(
    pixels: Float[Tensor, "view 3 height width"],
    cameras: Cameras,
    shown: Bool[Tensor, "view height width"],
    depth: Float[Tensor, "view height width"],
    own_depth: Float[Tensor, "height width"],
    view: int,
) -> Float[Tensor, "height width 4 3"]:
    """Spherical harmonics for the pixels of `view`, one of the views of a scene, placed at `own_depth`.

    From the view itself they have exactly its colours. A photo is asked where it shows something and its `depth` hides
    nothing of the point. The colour from direction d is c_v + B d, where B minimises
    sum_others |B t_o - (c_o - c_v)|^2 + STIFFNESS |B|^2 with t_o = d_o - (d_o d_v) d_v, the part of a photo's direction
    across the view's own: so B d_v = 0.
    """
    height, width = own_depth.shape
    K, T = cameras.K_px.to(depth.dtype), cameras.T_world_camera.to(depth.dtype)
    rays = torch.einsum("ij,jhw->hwi", T[view, :3, :3] @ torch.linalg.inv(K[view]), pixel_grid(height, width, K.device))
    offsets = rays * own_depth[..., None]
    here = torch.nn.functional.normalize(offsets, dim=-1)
    colours = pixels[view].permute(1, 2, 0)
    A = (STIFFNESS * torch.eye(3, device=K.device)).expand(height, width, 3, 3).clone()
    b = torch.zeros(height, width, 3, 3, device=K.device)
    for other in range(len(pixels)):
        if other == view:
            continue
        landing = Landing.of(cameras, 1 / own_depth, view, other)
        visible = landing.depth / landing.read(depth[other]) < 1 + TOLERANCE
        asked = landing.inside & (visible & landing.read(shown[other])).all(0)
        uv, _ = project(*relative_projection(cameras, view, other), 1 / own_depth)
        change = (sample(pixels[other], uv).permute(1, 2, 0) - colours) * asked[..., None]
        baseline = (cameras.centres[view] - cameras.centres[other]).to(depth.dtype)
        there = torch.nn.functional.normalize(offsets + baseline, dim=-1)
        turn = (there - (there * here).sum(-1, keepdim=True) * here) * asked[..., None]
        A += turn[..., :, None] * turn[..., None, :]
        b += turn[..., :, None] * change[..., None, :]
    x, y, z = torch.linalg.solve(A, b).unbind(-2)
    return torch.stack([rgb_to_sh0(colours), -y / SH_C1, z / SH_C1, -x / SH_C1], -2)
