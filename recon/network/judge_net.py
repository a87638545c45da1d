"""A small network that cares for no order: from what all witnesses say of a point to what becomes of its Gaussian.

    each witness -> perceptron -> mean and maximum over witnesses -> perceptron with the point's own numbers
        -> opacity, a factor of the size

(Zaheer et al. 2017, "Deep Sets".) It starts as the classical fusion: what that drops is all but gone.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.network.witness import OWN, SAID, Witnesses
from recon.weight_files import RELEASED, give_weights

WEIGHTS = "judge"
"""Name of the released weights."""
WIDTH = 32
KEPT, GONE = 0.0, -4.0
"""Logits of opacity at the start; the first is that of `recon.network.gaussians.OPACITY`."""
GROWTH = 0.7
"""Largest logarithm of the factor."""


@dataclass(frozen=True)
class Ruling:
    """On the points of one view's pixels."""

    opacity: Float[Tensor, "height width"]
    """In (0, 1)."""
    size_factor: Float[Tensor, "height width"]
    """What the scales are multiplied by."""


class JudgeNet(nn.Module):
    """Every point by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(SAID, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.all = nn.Sequential(
            nn.Linear(2 * WIDTH + OWN, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, 2)
        )
        last = self.all[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    @staticmethod
    def pretrained(weights: str = "") -> "JudgeNet":
        """With the weights of a file; without one, the released ones."""
        net = JudgeNet()
        give_weights(net, WEIGHTS, weights or RELEASED, "network.fuse.judge_weights")
        return net.eval().requires_grad_(False)

    def forward(self, witnesses: Witnesses) -> Ruling:
        heard = self.each(witnesses.said) * witnesses.said[..., :1]
        pooled = [heard.sum(-2) / witnesses.said[..., :1].sum(-2).clamp_min(1), heard.amax(-2)]
        opacity, growth = self.all(torch.cat([*pooled, witnesses.own], -1)).unbind(-1)
        kept = witnesses.own[..., 2]
        return Ruling(
            opacity=torch.sigmoid(opacity + GONE + (KEPT - GONE) * kept),
            size_factor=torch.exp(GROWTH * torch.tanh(growth)),
        )
