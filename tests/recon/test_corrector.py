"""The depth corrector: it starts as the classical answer, and its mixture is a distribution."""

from dataclasses import replace

import torch

from recon.network.depth.clues import MAPS, Clues
from recon.network.depth.corrector import Corrector, Mixture
from recon.training.depth_loss import depth_loss
from recon.training.depth_samples import DepthSample

PLANES = 16


def some_clues(views: int = 2, seed: int = 0) -> Clues:
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(views, MAPS, 32, 48, generator=generator)
    maps[:, 5] = (maps[:, 5] > 0.5).float()
    slices = 2 * torch.rand(views, 2 * PLANES, 8, 12, generator=generator) - 1
    return Clues(slices, maps, torch.randn(views, 384, 2, 3, generator=generator))


def a_corrector() -> Corrector:
    torch.manual_seed(0)
    return Corrector(PLANES)


def some_mixture() -> Mixture:
    generator = torch.Generator().manual_seed(1)
    logits, places, scales = (torch.rand(1, 3, 4, 5, generator=generator) for _ in range(3))
    return Mixture(logits.log_softmax(1), places, 0.01 + 0.1 * scales, torch.zeros(1, PLANES + 1, 1, 1))


def test_it_starts_as_the_classical_answer() -> None:
    clues = some_clues()
    expected = torch.where(clues.sure, clues.found, clues.completed)
    assert torch.equal(a_corrector()(clues).best(), expected)


def test_views_are_corrected_one_by_one_in_any_order() -> None:
    corrector, clues = a_corrector(), some_clues(3)
    torch.nn.init.normal_(corrector.head.weight, std=0.1)
    together = corrector(clues)
    for v in range(3):
        alone = corrector(Clues(clues.slices[[v]], clues.maps[[v]], clues.tokens[[v]]))
        assert (alone.places[0] - together.places[v]).abs().max() < 1e-5
        assert (alone.log_weights[0] - together.log_weights[v]).abs().max() < 1e-5


def test_the_density_is_one_in_all_and_within_is_its_integral() -> None:
    mixture = some_mixture()
    at = torch.linspace(-3, 4, 7001)
    density = torch.stack([mixture.log_likelihood(x.expand(1, 4, 5)).exp() for x in at])
    assert (torch.trapezoid(density, at, dim=0) - 1).abs().max() < 1e-2
    inside = (at[:, None, None, None] - 0.5).abs() <= 0.2
    middle, width = torch.full((1, 4, 5), 0.5), torch.full((1, 4, 5), 0.2)
    assert (torch.trapezoid(density * inside, at, dim=0) - mixture.within(middle, width)).abs().max() < 1e-2
    assert (mixture.within(middle, 100 * width) - 1).abs().max() < 1e-4


def test_the_best_is_one_of_the_places_and_the_likeliest() -> None:
    mixture = some_mixture()
    best = mixture.best()
    assert (mixture.places == best[:, None]).any(1).all()
    for k in range(3):
        assert (mixture.log_likelihood(mixture.places[:, k]) <= mixture.log_likelihood(best) + 1e-6).all()


def test_gradients_are_those_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(1, 3, 4, 8, generator=generator, dtype=torch.float64)
    places = torch.rand(1, 3, 4, 8, generator=generator, dtype=torch.float64)
    scales = 0.05 + torch.rand(1, 3, 4, 8, generator=generator, dtype=torch.float64)
    planes = torch.randn(1, PLANES + 1, 1, 2, generator=generator, dtype=torch.float64)
    truth = torch.rand(1, 4, 8, generator=generator, dtype=torch.float64)
    known = torch.rand(1, 4, 8, generator=generator) > 0.2
    clues = replace(some_clues(1), maps=some_clues(1).maps[..., :4, :8])
    sample = DepthSample(clues, truth, known, ~known)

    def loss(*parts: torch.Tensor) -> torch.Tensor:
        return depth_loss(Mixture(parts[0].log_softmax(1), *parts[1:]), sample, PLANES - 1)

    inputs = [x.requires_grad_() for x in (logits, places, scales, planes)]
    assert torch.autograd.gradcheck(loss, inputs, eps=1e-6, atol=1e-6)
