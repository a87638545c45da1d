"""`project` without gradients, in one pass over the Gaussians on all cores, straight into rows of splats."""

import math
from typing import no_type_check

import numpy as np
import torch
from jaxtyping import Float
from numba import njit
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize.conventions import ALPHA_CUTOFF, FOV_MARGIN
from render.rasterize.options import RasterizeOptions
from render.rasterize.projection import near_plane
from render.rasterize.splats import BLUE, COLUMNS, DEPTH, GREEN, OPACITY, RED, A, B, C, X, Y
from render.rasterize.threads import run_blocks
from render.sh import SH_C0, SH_C1, SH_C2, SH_C3


@torch.no_grad()
def project_splats(
    gaussians: Gaussians, camera: Cameras, size_wh: tuple[int, int], options: RasterizeOptions
) -> Float[Tensor, "n 10"]:
    """What one camera (a `Cameras` of length one) sees; see `render.rasterize.projection.project`.

    Rows are the scene's Gaussians in order; those that are not drawn have depth 0.
    """
    T_world_camera, K_px = camera.T_world_camera[0].detach().double(), camera.K_px[0].detach().double()
    dtype = gaussians.means.dtype
    depths = (gaussians.means - T_world_camera[:3, 3].to(dtype)) @ T_world_camera[:3, 2].to(dtype)
    near = float(near_plane(depths, gaussians.opacities, options))
    arrays = (
        np.ascontiguousarray(tensor.detach().to(torch.float32).numpy())
        for tensor in (gaussians.means, gaussians.quats_wxyz, gaussians.scales, gaussians.opacities, gaussians.sh)
    )
    splats = np.zeros((len(gaussians), COLUMNS), np.float32)
    run_blocks(
        _project_block,
        len(gaussians),
        *arrays,
        T_world_camera.contiguous().numpy(),
        K_px.contiguous().numpy(),
        *size_wh,
        near,
        options.low_pass_px2,
        splats,
    )
    return torch.from_numpy(splats)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _project_block(
    start, stop, means, quats, scales, opacities, sh, T_world_camera, K_px, width, height, near, low_pass_px2, splats
):
    """Fill the rows of the Gaussians start..stop-1 that are drawn; the others stay 0."""
    from_camera = np.empty(3)
    mean = np.empty(3)
    axes = np.empty((3, 3))
    basis = np.empty(16)
    for i in range(start, stop):
        for k in range(3):
            from_camera[k] = means[i, k] - T_world_camera[k, 3]
        for k in range(3):
            mean[k] = 0.0
            for j in range(3):
                mean[k] += T_world_camera[j, k] * from_camera[j]
        # Written so that NaN fails each of them.
        if not (mean[2] > near and mean[2] < math.inf and opacities[i] >= ALPHA_CUTOFF):
            continue
        _camera_axes(quats[i], scales[i], T_world_camera, axes)
        if not _footprint(mean, axes, K_px, width, height, low_pass_px2, splats[i]):
            continue
        splats[i, OPACITY] = opacities[i]
        splats[i, DEPTH] = mean[2]
        _colour(sh[i], from_camera, basis, splats[i])


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _camera_axes(quat, scale, T_world_camera, axes):
    """The Gaussian's axes in the camera's frame, as long as their deviations."""
    length = max(math.sqrt(quat[0] ** 2 + quat[1] ** 2 + quat[2] ** 2 + quat[3] ** 2), 1e-12)
    w, x, y, z = quat[0] / length, quat[1] / length, quat[2] / length, quat[3] / length
    xx, xy, xz = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    yx, yy, yz = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    zx, zy, zz = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    for k in range(3):
        a, b, c = T_world_camera[0, k], T_world_camera[1, k], T_world_camera[2, k]
        axes[k, 0] = (a * xx + b * yx + c * zx) * scale[0]
        axes[k, 1] = (a * xy + b * yy + c * zy) * scale[1]
        axes[k, 2] = (a * xz + b * yz + c * zz) * scale[2]


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _footprint(mean, axes, K_px, width, height, low_pass_px2, splat):
    """Centre and whitening; False where it is not finite. See `render.rasterize.projection`."""
    x_slope, y_slope = mean[0] / mean[2], mean[1] / mean[2]
    fx, fy, cx, cy = K_px[0, 0], K_px[1, 1], K_px[0, 2], K_px[1, 2]
    x_margin, y_margin = FOV_MARGIN * 0.5 * width / fx, FOV_MARGIN * 0.5 * height / fy
    x_clamped = min(max(x_slope, -cx / fx - x_margin), (width - cx) / fx + x_margin)
    y_clamped = min(max(y_slope, -cy / fy - y_margin), (height - cy) / fy + y_margin)
    x_variance = y_variance = low_pass_px2
    covariance = 0.0
    for k in range(3):
        x_axis = fx / mean[2] * (axes[0, k] - x_clamped * axes[2, k])
        y_axis = fy / mean[2] * (axes[1, k] - y_clamped * axes[2, k])
        x_variance += x_axis * x_axis
        y_variance += y_axis * y_axis
        covariance += x_axis * y_axis
    # A plain difference does here: float64 has digits to spare.
    x_given_y = x_variance - covariance * covariance / y_variance
    if not (x_given_y > 0 and x_given_y < math.inf and y_variance < math.inf):
        return False
    splat[A] = 1 / math.sqrt(x_given_y)
    splat[B] = -covariance / y_variance / math.sqrt(x_given_y)
    splat[C] = 1 / math.sqrt(y_variance)
    splat[X] = fx * x_slope + cx
    splat[Y] = fy * y_slope + cy
    # What float32 cannot hold has become 0 or infinity.
    return splat[A] > 0 and splat[C] > 0 and math.isfinite(splat[B] + splat[X] + splat[Y])


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _colour(sh, direction, basis, splat):
    """Colour as in `render.sh.eval_sh`."""
    coeff = sh.shape[0]
    if coeff > 1:
        length = max(math.sqrt(direction[0] ** 2 + direction[1] ** 2 + direction[2] ** 2), 1e-12)
        _basis(direction[0] / length, direction[1] / length, direction[2] / length, coeff, basis)
    basis[0] = SH_C0
    red = green = blue = 0.5
    for k in range(coeff):
        red += basis[k] * sh[k, 0]
        green += basis[k] * sh[k, 1]
        blue += basis[k] * sh[k, 2]
    splat[RED], splat[GREEN], splat[BLUE] = max(red, 0.0), max(green, 0.0), max(blue, 0.0)


@njit(nogil=True, cache=True, error_model="numpy")
@no_type_check
def _basis(x, y, z, coeff, basis):
    """Harmonics 1 to coeff-1 at a unit direction, as in `render.sh.sh_basis`."""
    basis[1], basis[2], basis[3] = -SH_C1 * y, SH_C1 * z, -SH_C1 * x
    if coeff > 4:
        basis[4] = SH_C2[0] * x * y
        basis[5] = -SH_C2[0] * y * z
        basis[6] = SH_C2[1] * (3 * z * z - 1)
        basis[7] = -SH_C2[0] * x * z
        basis[8] = SH_C2[2] * (x * x - y * y)
    if coeff > 9:
        basis[9] = -SH_C3[0] * y * (3 * x * x - y * y)
        basis[10] = SH_C3[1] * x * y * z
        basis[11] = -SH_C3[2] * y * (5 * z * z - 1)
        basis[12] = SH_C3[3] * z * (5 * z * z - 3)
        basis[13] = -SH_C3[2] * x * (5 * z * z - 1)
        basis[14] = SH_C3[4] * z * (x * x - y * y)
        basis[15] = -SH_C3[0] * x * (x * x - 3 * y * y)
