"""What each Gaussian adds to pictures: its opacity times the light that is left in front of it, over all pixels."""

import torch
from jaxtyping import Float
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize
from render.sh import SH_C0

LONG_SIDE_PX = 384
"""Pictures are drawn so large at most: what matters shows in them, and many cameras take their time."""


def contributions(gaussians: Gaussians, cameras: Cameras) -> Float[Tensor, "n"]:
    """In pixels of pictures that are drawn at most `LONG_SIDE_PX` long, summed over the cameras; these may differ.

    A picture's colour is a sum of weights times colours (Kerbl et al. 2023, equation 3), so that a Gaussian's weights
    are the derivative by its colour; where the light ends, what comes behind gets none.
    """
    # One grey channel: the colour that is differentiated is the same from everywhere, and no clamp at 0 is near.
    grey = torch.zeros(len(gaussians), 1, 3, dtype=gaussians.sh.dtype, device=gaussians.sh.device, requires_grad=True)
    plain = Gaussians(
        gaussians.means.detach(),
        gaussians.quats_wxyz.detach(),
        gaussians.scales.detach(),
        gaussians.opacities.detach(),
        grey,
    )
    total = torch.zeros(len(gaussians), dtype=gaussians.sh.dtype, device=gaussians.sh.device)
    for view in range(len(cameras)):
        camera = cameras[[view]]
        width, height = camera.size_wh[0].tolist()
        factor = min(LONG_SIDE_PX / max(width, height), 1)
        camera = camera.resized((max(round(width * factor), 1), max(round(height * factor), 1)))
        (slope,) = torch.autograd.grad(rasterize(plain, camera).rgb[..., 0].sum(), grey)
        total += slope[:, 0, 0] / SH_C0
    return total
