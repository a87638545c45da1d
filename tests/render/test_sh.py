"""Spherical harmonics: a basis, INRIA's basis, and differentiable."""

import pytest
import torch

from render.sh import eval_sh, rgb_to_sh0, sh0_to_rgb, sh_basis
from tests.render.scenes import cloud


def test_harmonics_are_orthonormal_on_the_sphere() -> None:
    # Gauss-Legendre in height and equal steps in angle integrate polynomials of degree 6 exactly.
    nodes, weights = (torch.tensor(v) for v in __import__("numpy").polynomial.legendre.leggauss(8))
    angles = torch.arange(16, dtype=torch.float64) * (2 * torch.pi / 16)
    radius = (1 - nodes.square()).sqrt()
    directions = torch.stack(
        [
            radius[:, None] * angles.cos(),
            radius[:, None] * angles.sin(),
            nodes[:, None].expand(8, 16),
        ],
        -1,
    ).reshape(-1, 3)
    area = (weights[:, None] * (2 * torch.pi / 16)).expand(8, 16).reshape(-1)
    basis = sh_basis(directions, 16)
    torch.testing.assert_close(basis.T @ (area[:, None] * basis), torch.eye(16, dtype=torch.float64))


def test_colours_survive_the_constant_harmonic() -> None:
    rgb = torch.rand(10, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sh0_to_rgb(rgb_to_sh0(rgb)), rgb)
    torch.testing.assert_close(eval_sh(rgb_to_sh0(rgb)[:, None], torch.randn(10, 3)), rgb)


def test_length_of_a_direction_does_not_matter() -> None:
    scene = cloud(20, 3)
    torch.testing.assert_close(eval_sh(scene.sh, scene.means * 7.5), eval_sh(scene.sh, scene.means))


def test_colours_are_never_negative() -> None:
    scene = cloud(200, 2)
    colours = eval_sh(scene.sh * 5, scene.means)
    assert colours.min() == 0
    assert colours.max() > 1


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_gradients_are_those_of_finite_differences(degree: int) -> None:
    scene = cloud(6, degree).to(torch.float64)
    scene.sh[:, 0] += 1
    assert torch.autograd.gradcheck(eval_sh, (scene.sh.requires_grad_(), scene.means.requires_grad_()))
