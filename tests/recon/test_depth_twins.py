"""The numba kernels of the depth stage against their readable twins in torch."""

import numpy as np
import torch

from recon.network.depth import smooth, smooth_cpu, sweep, sweep_cpu

HEIGHT, WIDTH, PLANES, SOURCES = 32, 48, 12, 3


def last(maps: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(maps.movedim(-3, -1).numpy())


def geometry(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    spread = torch.tensor([[0.01, 0.01, 0.5], [0.01, 0.01, 0.5], [1e-5, 1e-5, 0.01]])
    M = torch.eye(3).repeat(SOURCES, 1, 1) + torch.randn(SOURCES, 3, 3, generator=g) * spread
    m = torch.randn(SOURCES, 3, generator=g) * torch.tensor([8.0, 8.0, 0.1])
    return M, m, torch.linspace(0.05, 1.0, PLANES), torch.rand(SOURCES, HEIGHT, WIDTH, generator=g) > 0.1


def compare(slow: torch.Tensor, fast: np.ndarray) -> None:
    """Equal, but for pixels that rounding puts on the other side of a border."""
    difference = np.abs(slow.movedim(0, -1).numpy() - fast)
    assert (difference > 1e-4).mean() < 1e-3


def test_colour_likeness():
    maps = torch.rand(SOURCES + 1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    M, m, planes, valid = geometry()
    around = 0.2 * torch.rand(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(5))
    slow = sweep.colour_likeness(maps[0], maps[1:], valid, M, m, around, planes)
    geometry_of = [x.numpy() for x in (valid, M, m, around, planes)]
    compare(slow, sweep_cpu.colour_likeness(last(maps[0]), last(maps[1:]), *geometry_of))


def test_descriptor_likeness():
    maps = torch.randn(SOURCES + 1, 16, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(2))
    maps = torch.nn.functional.normalize(maps, dim=1)
    M, m, planes, valid = geometry()
    slow = sweep.descriptor_likeness(maps[0], maps[1:], valid, M, m, planes)
    fast = sweep_cpu.descriptor_likeness(
        last(maps[0]), last(maps[1:]), valid.numpy(), M.numpy(), m.numpy(), planes.numpy()
    )
    compare(slow, fast)


def test_smoothing():
    g = torch.Generator().manual_seed(3)
    cost, image = torch.rand(HEIGHT, WIDTH, PLANES, generator=g), torch.rand(3, HEIGHT, WIDTH, generator=g)
    slow = smooth.aggregate(cost, image, 0.8)
    fast = smooth_cpu.aggregate(cost.numpy(), last(image), 0.8)
    np.testing.assert_allclose(slow.numpy(), fast, atol=1e-5)


def test_smoothing_carries_a_clear_answer_into_flat_neighbours():
    cost = torch.full((8, 16, PLANES), 0.5)
    cost[:, :4, 3] = 0.0
    found = smooth.lowest(smooth.aggregate(cost, torch.full((3, 8, 16), 0.5), 0.8))
    assert torch.all(found.round() == 3)


def test_the_likeness_of_a_view_with_itself_is_highest_where_nothing_moves():
    image = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(4))
    planes = torch.tensor([0.0, 0.5, 1.0])
    found = sweep.colour_likeness(
        image,
        image[None],
        torch.ones(1, HEIGHT, WIDTH, dtype=torch.bool),
        torch.eye(3)[None],
        torch.tensor([[9.0, 0, 0]]),
        torch.zeros(HEIGHT, WIDTH),
        planes,
    )
    assert found[0].min() > 0.97
    assert (found[0] > found[1] + 0.2).float().mean() > 0.9
