"""Completing depth: what is trusted stays, what is filled lies behind its surroundings."""

import torch

from recon.network.depth.complete import COLOUR_SCALE, LOOSEST, complete, farthest, fill_along_colours, push_pull

GREY = torch.full((3, 64, 64), 0.5)


def gapped() -> tuple[torch.Tensor, torch.Tensor]:
    """A near half and a far half with a gap between them."""
    inverse = torch.full((64, 64), 1.0)
    inverse[:, 32:] = 0.25
    trusted = torch.ones(64, 64, dtype=torch.bool)
    trusted[:, 28:36] = False
    inverse[:, 28:36] = 7.0
    return inverse, trusted


def test_trusted_depth_stays_bit_for_bit():
    inverse, trusted = gapped()
    close, _ = complete(inverse, trusted, GREY)
    assert torch.equal(close[trusted], inverse[trusted])


def test_a_gap_takes_depths_of_its_surroundings_and_none_of_its_own():
    inverse, trusted = gapped()
    close, _ = complete(inverse, trusted, GREY)
    assert close[~trusted].max() <= 1.0
    assert close[~trusted].min() >= 0.25 - 1e-6


def test_the_backstop_lies_behind_everything_around():
    inverse, trusted = gapped()
    close, backstop = complete(inverse, trusted, GREY)
    assert (backstop < close).all()
    assert torch.allclose(backstop[:, 28:36], torch.tensor(0.25 / 1.02), atol=1e-3)


def test_farthest_along_rows_then_columns_equals_the_square_at_once():
    values = torch.rand(24, 40, generator=torch.Generator().manual_seed(0))
    radius = 7
    padded = torch.nn.functional.pad(values[None, None], (radius,) * 4, value=9.0)[0, 0]
    whole = padded.unfold(0, 2 * radius + 1, 1).unfold(1, 2 * radius + 1, 1).amin((-1, -2))
    assert torch.equal(farthest(values, radius), whole)


def test_a_constant_fills_with_itself_and_nothing_trusted_changes_nothing():
    weights = (torch.rand(33, 47, generator=torch.Generator().manual_seed(1)) > 0.9).float()
    torch.testing.assert_close(push_pull(torch.full((33, 47), 0.3), weights), torch.full((33, 47), 0.3))
    values = torch.rand(8, 8)
    assert torch.equal(push_pull(values, torch.zeros(8, 8)), values)


def test_filling_solves_its_equations():
    """Against a dense solve of the same linear system, on a picture small enough for it."""
    g = torch.Generator().manual_seed(2)
    height, width = 8, 10
    inverse, image = torch.rand(height, width, generator=g) + 0.1, torch.rand(3, height, width, generator=g) * 0.1
    trusted = torch.rand(height, width, generator=g) > 0.7
    A = torch.diag(trusted.flatten().double())
    for i in range(height):
        for j in range(width):
            for k, m in ((i + 1, j), (i, j + 1)):
                if k < height and m < width:
                    difference = (image[:, i, j] - image[:, k, m]).abs().mean().double()
                    bond = torch.exp(-difference / COLOUR_SCALE) + LOOSEST
                    a, b = i * width + j, k * width + m
                    A[a, a] += bond
                    A[b, b] += bond
                    A[a, b] -= bond
                    A[b, a] -= bond
    exact = torch.linalg.solve(A, (trusted * inverse).flatten().double()).reshape(height, width)
    torch.testing.assert_close(fill_along_colours(inverse, trusted, image), exact.float(), atol=1e-3, rtol=1e-3)


def test_a_gap_takes_the_depth_of_what_has_its_colour():
    inverse, trusted = gapped()
    image = GREY.clone()
    image[:, :, 30:] = 0.9  # The far half's colour reaches two pixels over the middle of the gap.
    filled = fill_along_colours(inverse, trusted, image)
    assert (filled[:, 28:30] > 0.8).all()
    assert (filled[:, 30:36] < 0.4).all()
