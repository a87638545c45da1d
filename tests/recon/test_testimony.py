"""The numba walks over a view's pixels against their readable twins in torch."""

import math

import pytest
import torch

from recon.network import testimony, testimony_cpu
from recon.network.depth import agreement, agreement_cpu
from recon.network.testimony import Evidence
from render.cameras import Cameras

HEIGHT, WIDTH, VIEWS = 40, 56, 4


@pytest.fixture
def evidence() -> Evidence:
    """Cameras before a wall, each closer than the one before, the last turned away; noise in all that they say."""
    g = torch.Generator().manual_seed(0)
    T = torch.eye(4, dtype=torch.float64).repeat(VIEWS, 1, 1)
    for v, angle in enumerate((0.0, 0.1, -0.15, math.pi)):
        T[v, 0, 0] = T[v, 2, 2] = math.cos(angle)
        T[v, 0, 2], T[v, 2, 0] = math.sin(angle), -math.sin(angle)
        T[v, :3, 3] = torch.tensor([0.2 * v, 0.05 * v, 0.3 * v], dtype=torch.float64)
    K = torch.tensor([[50.0, 0, 28], [0, 52.0, 20], [0, 0, 1]], dtype=torch.float64).repeat(VIEWS, 1, 1)
    shape = (VIEWS, HEIGHT, WIDTH)
    wall = 2.2 - 0.3 * torch.arange(VIEWS)[:, None, None]
    noise = torch.nn.functional.avg_pool2d(torch.rand(VIEWS, 3, HEIGHT, WIDTH, generator=g), 5, 1, 2)
    return Evidence(
        pixels=noise,
        valid=torch.rand(shape, generator=g) > 0.1,
        empty=torch.nn.functional.max_pool2d((torch.rand(shape, generator=g) > 0.995).float(), 5, 1, 2) > 0,
        cameras=Cameras(K_px=K, T_world_camera=T, size_wh=torch.tensor([[WIDTH, HEIGHT]] * VIEWS)),
        nearest=torch.full((VIEWS,), 1.8),
        depth=wall * (1 + 0.02 * torch.rand(shape, generator=g)),
        sure=torch.nn.functional.max_pool2d((torch.rand(shape, generator=g) > 0.9).float(), 7, 1, 3) > 0,
        width=wall * (1 + 0.1 * torch.rand(shape, generator=g)),
    )


def nearly_equal(slow: object, fast: object) -> None:
    """But for pixels that rounding puts on the other side of a border; and neither is all alike."""
    for name, wanted in vars(slow).items():
        found = getattr(fast, name)
        assert found.dtype == wanted.dtype
        assert ((found.float() - wanted.float()).abs() > 1e-4).float().mean() < 2e-3, name
        assert wanted.float().std() > 0, name


@pytest.mark.parametrize("view", [0, 1])
def test_testimony(evidence: Evidence, view: int):
    others = [v for v in range(VIEWS) if v != view]
    # Some of the points lie in front of what the others see, some behind it.
    depth = evidence.depth[view] * torch.linspace(0.3, 1.3, HEIGHT)[:, None]
    slow = testimony.testify(evidence, depth, view, others)
    nearly_equal(slow, testimony_cpu.testify(evidence, depth, view, others))


def test_nobody_else_says_nothing(evidence: Evidence):
    for twin in (testimony, testimony_cpu):
        said = twin.testify(evidence, evidence.depth[0], 0, [])
        assert not any(answer.any() for answer in vars(said).values())


def test_agreement(evidence: Evidence):
    arguments = (evidence.cameras, 1 / evidence.depth, evidence.valid, evidence.sure, 0, [1, 2])
    nearly_equal(agreement.agreement(*arguments), agreement_cpu.agreement(*arguments))
