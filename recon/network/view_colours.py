"""Colour that depends on direction: from where another photo was taken, a Gaussian has the colour it shows there.

Depth is never exact, surfaces shine, exposures differ. What a viewer near one of the photos should see is that photo,
as in the unstructured lumigraph (Buehler et al. 2001, section 3); spherical harmonics of degree 1 hold as much of it
as a standard scene file can. This module is the readable twin in torch; `view_colours_cpu` is the fast one.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network.depth.agreement import TOLERANCE, Landing
from recon.network.depth.geometry import pixel_grid, project, relative_projection, sample
from render.cameras import Cameras
from render.sh import SH_C1, rgb_to_sh0

STIFFNESS = 0.005
"""Of the change of colour with direction: the squared distance of directions (unit vectors) at which half remains."""


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
    nothing of the point. Minimises sum_others |B (d_o - d_v) - (c_o - c_v)|^2 + STIFFNESS |B|^2 for the colour
    c_v + B (d - d_v) from direction d.
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
        turn = (torch.nn.functional.normalize(offsets + baseline, dim=-1) - here) * asked[..., None]
        A += turn[..., :, None] * turn[..., None, :]
        b += turn[..., :, None] * change[..., None, :]
    slope = torch.linalg.solve(A, b)
    constant = colours - torch.einsum("hwi,hwic->hwc", here, slope)
    x, y, z = slope.unbind(-2)
    return torch.stack([rgb_to_sh0(constant), -y / SH_C1, z / SH_C1, -x / SH_C1], -2)
