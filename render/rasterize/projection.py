"""From Gaussians in the world to footprints in a picture, in torch: EWA splatting (Zwicker et al. 2002, section 4).

A footprint is kept as the two rows that whiten it rather than as an inverse covariance: half the squared
length of the whitened offset cannot lose its digits in a difference of large numbers, however long the
needle.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize.conventions import ALPHA_CUTOFF, FOV_MARGIN, NEAR_FRACTION, NEAR_QUANTILE
from render.rasterize.options import RasterizeOptions
from render.sh import eval_sh


@dataclass(frozen=True)
class Footprints:
    """`m` Gaussians as one camera sees them: those that are deep and opaque enough."""

    centres_px: Float[Tensor, "m 2"]
    """Projected means; the upper left pixel's centre is (0.5, 0.5)."""
    whitening: Float[Tensor, "m 3"]
    """(a, b, c) in 1/px: an offset (dx, dy) becomes u = a dx + b dy, v = c dy and falls off by exp(-(u^2 + v^2) / 2).

    c is one over the deviation along y; a is one over that along x where y is given, and -b/a the slope of
    the ridge.
    """
    depths: Float[Tensor, "m"]
    """z-depth, > near."""
    opacities: Float[Tensor, "m"]
    colours: Float[Tensor, "m 3"]
    """sRGB as seen from this camera."""
    index: Int[Tensor, "m"]
    """Which of the scene's Gaussians each one is."""


def project(gaussians: Gaussians, camera: Cameras, size_wh: tuple[int, int], options: RasterizeOptions) -> Footprints:
    """What one camera (a `Cameras` of length one) sees of `gaussians`. Skew is taken as 0.

    Differentiable in all of both; the near plane, where it follows from the depths, counts as a constant.
    """
    dtype = gaussians.means.dtype
    T_world_camera, K_px = camera.T_world_camera[0].to(dtype), camera.K_px[0].to(dtype)
    with torch.no_grad():
        index = _drawn(gaussians, T_world_camera, options).nonzero()[:, 0]
    chosen = gaussians[index]
    from_camera = chosen.means - T_world_camera[:3, 3]
    means_camera = from_camera @ T_world_camera[:3, :3]
    axes_camera = T_world_camera[:3, :3].mT @ (rotations(chosen.quats_wxyz) * chosen.scales[:, None, :])
    return Footprints(
        centres_px=means_camera[:, :2] / means_camera[:, 2:] * K_px.diagonal()[:2] + K_px[:2, 2],
        whitening=_whitening(_jacobian(means_camera, K_px, size_wh) @ axes_camera, options.low_pass_px2),
        depths=means_camera[:, 2],
        opacities=chosen.opacities,
        colours=eval_sh(chosen.sh, from_camera),
        index=index,
    )


def rotations(quats_wxyz: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
    """Rotation matrices of quaternions, which are made unit first."""
    w, x, y, z = torch.nn.functional.normalize(quats_wxyz, dim=-1).unbind(-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ]
    return torch.stack(rows, -2)


def near_plane(
    depths: Float[Tensor, "n"], opacities: Float[Tensor, "n"], options: RasterizeOptions
) -> Float[Tensor, ""]:
    """The depth before which nothing is drawn; see `RasterizeOptions.near`."""
    if options.near is not None:
        return depths.new_tensor(options.near)
    in_front = depths[(depths > 0) & torch.isfinite(depths) & (opacities >= ALPHA_CUTOFF)]
    if not len(in_front):
        return depths.new_zeros(())
    return NEAR_FRACTION * in_front.kthvalue(1 + int(NEAR_QUANTILE * (len(in_front) - 1))).values


def _drawn(gaussians: Gaussians, T_world_camera: Float[Tensor, "4 4"], options: RasterizeOptions) -> Bool[Tensor, "n"]:
    """Which Gaussians are finite, deep and opaque enough to be drawn."""
    depths = (gaussians.means - T_world_camera[:3, 3]) @ T_world_camera[:3, 2]
    near = near_plane(depths, gaussians.opacities, options)
    finite = torch.isfinite(depths + gaussians.quats_wxyz.sum(-1) + gaussians.scales.sum(-1))
    return (depths > near) & (gaussians.opacities >= ALPHA_CUTOFF) & finite


def _jacobian(
    means_camera: Float[Tensor, "m 3"], K_px: Float[Tensor, "3 3"], size_wh: tuple[int, int]
) -> Float[Tensor, "m 2 3"]:
    """Of the projection, at each mean moved into the widened field of view (Zwicker et al. 2002, section 4.2)."""
    x, y, z = means_camera.unbind(-1)
    rows = []
    for axis, slope in enumerate((x / z, y / z)):
        focal, principal, size = K_px[axis, axis], K_px[axis, 2], size_wh[axis]
        margin = FOV_MARGIN * 0.5 * size / focal
        slope = slope.clamp(-principal / focal - margin, (size - principal) / focal + margin)
        row = [focal / z if axis == column else torch.zeros_like(z) for column in range(2)]
        rows.append(torch.stack([*row, -focal * slope / z], -1))
    return torch.stack(rows, -2)


def _whitening(axes_px: Float[Tensor, "m 2 3"], low_pass_px2: float) -> Float[Tensor, "m 3"]:
    """Whitens the covariance axes_px axes_px^T + low_pass_px2 I; see `Footprints.whitening`."""
    x_axes, y_axes = axes_px.unbind(-2)
    y_deviation = (y_axes.square().sum(-1) + low_pass_px2).sqrt()
    y_unit = y_axes / y_deviation[:, None]
    # Variance of x where y is given, det / var(y), with det by Cauchy-Binet: a sum of squares, never a
    # difference.
    x_variance = (
        torch.linalg.cross(x_axes, y_unit).square().sum(-1)
        + low_pass_px2 * x_axes.square().sum(-1) / y_deviation.square()
        + low_pass_px2
    )
    a = x_variance.rsqrt()
    slope = (x_axes * y_unit).sum(-1) / y_deviation
    return torch.stack([a, -slope * a, 1 / y_deviation], -1)
