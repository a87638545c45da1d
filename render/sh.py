"""Colour that depends on direction: real spherical harmonics in INRIA's basis, degrees 0 to 3."""

import torch
from jaxtyping import Float
from torch import Tensor

SH_C0 = 0.28209479177387814
"""The constant harmonic, 1 / (2 sqrt(pi)); a colour is 0.5 + SH_C0 * its first coefficient."""
SH_C1 = 0.4886025119029199
SH_C2 = (1.0925484305920792, 0.31539156525252005, 0.5462742152960396)
SH_C3 = (0.5900435899266435, 2.890611442640554, 0.4570457994644658, 0.3731763325901154, 1.445305721320277)
"""Normalisations of the real harmonics of degree 1 to 3 (Sloan 2013, "Efficient Spherical Harmonic
Evaluation")."""


def rgb_to_sh0(rgb: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
    """The first coefficient of a Gaussian that shows `rgb` (sRGB in [0, 1]) from everywhere."""
    return (rgb - 0.5) / SH_C0


def sh0_to_rgb(sh0: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
    """The colour that a first coefficient alone stands for; the inverse of `rgb_to_sh0`."""
    return 0.5 + SH_C0 * sh0


def sh_basis(directions: Float[Tensor, "n 3"], coeff: int) -> Float[Tensor, "n coeff"]:
    """The first `coeff` (1, 4, 9 or 16) harmonics in INRIA's order and signs, at directions of any length."""
    x, y, z = torch.nn.functional.normalize(directions, dim=-1).unbind(-1)
    basis = [torch.full_like(x, SH_C0)]
    if coeff > 1:
        basis += [-SH_C1 * y, SH_C1 * z, -SH_C1 * x]
    if coeff > 4:
        a, b, c = SH_C2
        basis += [a * x * y, -a * y * z, b * (3 * z * z - 1), -a * x * z, c * (x * x - y * y)]
    if coeff > 9:
        a, b, c, d, e = SH_C3
        basis += [
            -a * y * (3 * x * x - y * y),
            b * x * y * z,
            -c * y * (5 * z * z - 1),
            d * z * (5 * z * z - 3),
            -c * x * (5 * z * z - 1),
            e * z * (x * x - y * y),
            -a * x * (x * x - 3 * y * y),
        ]
    return torch.stack(basis, -1)


def eval_sh(sh: Float[Tensor, "n coeff 3"], directions: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """sRGB colours, max(0, 0.5 + sum of coefficients times harmonics) (Kerbl et al. 2023, section 4).

    `directions` point from the camera's centre to the Gaussians, in the world frame; their length does not
    matter. Differentiable in both.
    """
    if sh.shape[1] == 1:
        return sh0_to_rgb(sh[:, 0]).clamp_min(0)
    return (0.5 + torch.einsum("nk,nkc->nc", sh_basis(directions, sh.shape[1]), sh)).clamp_min(0)
