"""A small network over the pixel grid: from which way the others' photos pull a Gaussian to how far it goes.

    clues of every pixel -> three convolutions -> a change of the step that the slope alone would take

It starts as plain descent: a step of fixed length against the slope. What it learns is when to believe a slope, from
what lies around it (learned gradient descent: Flynn et al. 2019, "DeepView", section 3; with what is drawn wrong as
feedback to Gaussians: Xu et al. 2025, "ReSplat").
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.weight_files import RELEASED, give_weights

WEIGHTS = "feedback"
"""Name of the released weights."""
ROUNDS = 2
"""At most."""
CLUES = 16
WIDTH = 16
STEPS = (0.8, 0.4, 0.08)
"""Of the first round, in the logit of opacity, in pixels that other photos see it move by when its depth changes, and
in the logarithm of size."""
FALL = 0.7
"""By which each round's steps are shorter than those before."""
LARGEST = 2.0
"""Of a step, in lengths of the plain one."""


@dataclass(frozen=True)
class Clues:
    """Of the pixels of both layers of all views, side by side."""

    slopes: Float[Tensor, "image 3 height width"]
    """How the error of the other views' photos changes with opacity, depth and size, softly cut to -1 to 1: its sign
    wherever it is not next to nothing."""
    others: Float[Tensor, "image 13 height width"]
    """What else the network looks at: see `recon.network.feedback`."""


def plain_step(clues: Clues, turn: int) -> Float[Tensor, "image 3 height width"]:
    """Against the slopes, by lengths that fall from round to round: what `FeedbackNet` begins as."""
    steps = torch.tensor(STEPS, device=clues.slopes.device) * FALL**turn
    return -LARGEST * torch.tanh(clues.slopes / LARGEST) * steps[:, None, None]


class FeedbackNet(nn.Module):
    """Every pixel by what is around it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(CLUES, WIDTH, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=2, dilation=2),
            nn.SiLU(),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(WIDTH, 3, 1),
        )
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        falls = FALL ** torch.arange(ROUNDS, dtype=torch.float32)
        self.log_steps = nn.Parameter((falls[:, None] * torch.tensor(STEPS)).log())

    @staticmethod
    def pretrained(weights: str = "") -> "FeedbackNet":
        """With the weights of a file; without one, the released ones."""
        net = FeedbackNet()
        give_weights(net, WEIGHTS, weights or RELEASED, "network.feedback.weights")
        return net.eval().requires_grad_(False)

    def forward(self, clues: Clues, turn: int) -> Float[Tensor, "image 3 height width"]:
        """What is added to opacity, depth and size, in the units of `STEPS`, in round `turn` from 0 on."""
        changed = self.layers(torch.cat([clues.slopes, clues.others], 1)) - clues.slopes
        return LARGEST * torch.tanh(changed / LARGEST) * self.log_steps[turn].exp()[:, None, None]
