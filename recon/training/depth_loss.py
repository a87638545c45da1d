"""How well a mixture says the true depth; what its answer is worth, for validation."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, max_pool2d

from recon.network.depth.corrector import NEARER, Mixture
from recon.training.depth_samples import DepthSample

PLANES_WEIGHT = 0.2
"""Of the distribution over planes, beside the mixture."""
BEYOND = NEARER
"""Truth farther outside the range than this share of it teaches nothing."""
SURE_WEIGHT = 0.25
"""Of pixels that matching is sure of, beside the others: their depth stays as it is."""
QUARTER = 4


def depth_loss(mixture: Mixture, sample: DepthSample, steps: int) -> Tensor:
    """Negative log-likelihood of the true share of the range, in steps between planes, and cross entropy of planes."""
    counted = sample.known & (sample.truth > -BEYOND) & (sample.truth < 1 + BEYOND)
    likelihood = mixture.log_likelihood(sample.truth) - torch.log(torch.tensor(float(steps)))
    # Bounded below: one pixel that nothing explains must not outweigh a picture.
    weight = counted * torch.where(sample.clues.sure, SURE_WEIGHT, 1.0)
    fine = -(likelihood.clamp_min(-12) * weight).sum() / weight.sum().clamp_min(1)
    return fine + PLANES_WEIGHT * _planes_loss(mixture, sample, steps)


def _planes_loss(mixture: Mixture, sample: DepthSample, steps: int) -> Tensor:
    """At a quarter of the grid, against the plane nearest to the truth at each cell's middle; sky is infinitely far."""
    middle = slice(QUARTER // 2, None, QUARTER)
    truth, known, sky = (x[:, middle, middle] for x in (sample.truth, sample.known, sample.sky))
    last = mixture.planes.shape[1] - 1
    target = (truth * steps).round().clamp(0, last - 1).long()
    target = torch.where(sky, torch.full_like(target, last), target)
    target = torch.where(known | sky, target, torch.full_like(target, -100))
    if not (known | sky).any():
        return mixture.planes.sum() * 0
    return cross_entropy(mixture.planes, target, ignore_index=-100)


def depth_metrics(share: Tensor, sample: DepthSample, steps: int) -> dict[str, float]:
    """Of answers, over pixels of known depth: errors in steps between planes, and how many are off by more than one;
    not a number where there is no such pixel.

    `edge` is among pixels near a jump of the true depth, `unsure` among those that matching was not sure of.
    """
    error = (share - sample.truth).abs() * steps
    known = sample.known & (sample.truth > -BEYOND) & (sample.truth < 1 + BEYOND)
    spread = max_pool2d(sample.truth[:, None], 5, 1, 2) + max_pool2d(-sample.truth[:, None], 5, 1, 2)
    edge = known & (spread[:, 0] * steps > 2)
    unsure = known & ~sample.clues.sure
    out = {"error": float(error[known].clamp_max(10).mean()), "off": float((error[known] > 1).float().mean())}
    for name, chosen in (("edge", edge), ("unsure", unsure)):
        out[f"error_{name}"] = float(error[chosen].clamp_max(10).mean())
    return out
