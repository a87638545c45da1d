"""Moving a scene: its centres, its ellipsoids, and with them the directions that its harmonics speak of.

The real harmonics of one degree turn among themselves, by a matrix (Wigner's, in the real basis). It is found from the
basis itself: the harmonics are written down at directions before and after the turn, and the matrix is what takes the
one into the other. So it cannot have other signs or another order than `render/sh.py`.
"""

from functools import cache

import torch
from jaxtyping import Float
from scipy.spatial.transform import Rotation
from torch import Tensor

from render.gaussians import Gaussians
from render.sh import sh_basis

DIRECTIONS = 32
"""Twice as many as there are harmonics."""
TOLERANCE = 1e-5
"""How far a matrix may be off a rotation."""


def sh_rotation(R_new_old: Float[Tensor, "3 3"], coeff: int) -> Float[Tensor, "coeff coeff"]:
    """What coefficients are multiplied by (from the left) when the scene is turned by `R_new_old`, in float64.

    Degrees do not mix: the matrix has blocks of 1, 3, 5 and 7.
    """
    directions = _directions()
    before = sh_basis(directions, coeff)
    after = sh_basis(directions @ R_new_old.double().mT, coeff)
    full = torch.linalg.lstsq(after, before).solution
    block = torch.arange(16).sqrt().long()[:coeff]
    return torch.where(block[:, None] == block, full, 0.0)


def moved(gaussians: Gaussians, T_new_old: Float[Tensor, "4 4"]) -> Gaussians:
    """The scene under a similarity: turned, scaled and shifted. Seen by a camera moved alike, it looks as before.

    Raises:
        ValueError: the matrix is no rotation times a scale above 0.
    """
    R, scale = _rotation_and_scale(T_new_old)
    linear = T_new_old[:3, :3].double()
    means = gaussians.means.double() @ linear.mT + T_new_old[:3, 3].double()
    sh = torch.einsum("kl,nlc->nkc", sh_rotation(R, gaussians.sh.shape[1]), gaussians.sh.double())
    turn_xyzw = torch.from_numpy(Rotation.from_matrix(R.numpy()).as_quat())
    return Gaussians(
        means=means.to(gaussians.means.dtype),
        quats_wxyz=_product(turn_xyzw.roll(1), gaussians.quats_wxyz.double()).to(gaussians.quats_wxyz.dtype),
        scales=(gaussians.scales.double() * scale).to(gaussians.scales.dtype),
        opacities=gaussians.opacities,
        sh=sh.to(gaussians.sh.dtype),
    )


def moved_poses(
    T_world_camera: Float[Tensor, "view 4 4"], T_new_old: Float[Tensor, "4 4"]
) -> Float[Tensor, "view 4 4"]:
    """Where cameras are after the world's similarity; poses stay rigid, so depth is multiplied by its scale.

    Raises:
        ValueError: the matrix is no rotation times a scale above 0.
    """
    R, _ = _rotation_and_scale(T_new_old)
    poses = T_new_old.double() @ T_world_camera.double()
    poses[..., :3, :3] = R @ T_world_camera[..., :3, :3].double()
    return poses


def _rotation_and_scale(T_new_old: Float[Tensor, "4 4"]) -> tuple[Float[Tensor, "3 3"], float]:
    linear = T_new_old[:3, :3].double()
    determinant = float(torch.linalg.det(linear))
    scale = abs(determinant) ** (1 / 3)
    R = linear / max(scale, 1e-300)
    if determinant <= 0 or not torch.allclose(R @ R.mT, torch.eye(3, dtype=R.dtype), rtol=0, atol=TOLERANCE):
        raise ValueError(f"{linear.tolist()} is no rotation times a scale above 0.")
    return R, scale


def similarity(R_new_old: Float[Tensor, "3 3"], shift: Float[Tensor, "3"], scale: float = 1.0) -> Float[Tensor, "4 4"]:
    """The matrix of p -> scale R p + shift, float64."""
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3], T[:3, 3] = scale * R_new_old.double(), shift.double()
    return T


@cache
def _directions() -> Float[Tensor, "direction 3"]:
    """Evenly over the sphere, along a spiral (Swinbank and Purser 2006, Fibonacci grids)."""
    z = 1 - (2 * torch.arange(DIRECTIONS, dtype=torch.float64) + 1) / DIRECTIONS
    angle = torch.arange(DIRECTIONS, dtype=torch.float64) * (torch.pi * (3 - 5**0.5))
    radius = (1 - z * z).sqrt()
    return torch.stack([radius * angle.cos(), radius * angle.sin(), z], 1)


def _product(one_wxyz: Float[Tensor, "4"], others_wxyz: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Hamilton's product: first the others, then the one."""
    a, b, c, d = one_wxyz.unbind()
    matrix = torch.stack(
        [
            torch.stack([a, -b, -c, -d]),
            torch.stack([b, a, -d, c]),
            torch.stack([c, d, a, -b]),
            torch.stack([d, -c, b, a]),
        ]
    )
    return others_wxyz @ matrix.mT
