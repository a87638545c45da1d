"""A small U-Net that corrects what matching found, where a picture says more than likeness does.

    slices, maps, tokens -> U-Net -> a mixture of three Laplace distributions over inverse depth, for every pixel

One around what was found, one around what was completed, and one around the U-Net's own answer, which is a distribution
over planes at a quarter of the grid. It starts as the classical answer: all weight on what was found where that is
sure, else on what was completed. The answer is the most likely of the three, never a mean of them, so that edges stay
sharp (as the bimodal densities of Tosi et al. 2021, "SMD-Nets"); planes as channels of a 2D network after Sayed et al.
2022, "SimpleRecon".
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, log_softmax, softplus

from recon.network.depth.clues import MAPS, Clues
from recon.network.tokens import WIDTH

WIDTHS = (24, 48, 80, 112, 160)
"""Channels at the full grid, and at 1/2, 1/4, 1/8 and 1/16 of it."""
REACH = 4.0
"""How far the first two may be moved from where the classical path has them, in steps between planes."""
SHARPEST = 0.02
"""Smallest scale of a Laplace distribution, in steps between planes."""
NEARER = 0.5
"""How far before the nearest plane of the sweep the U-Net's own answer may lie, as a share of the range: the ground
before one's feet is often nearer than all that can be matched."""
SURE = 4.0
"""Logit by which the classical choice is preferred at the start."""


@dataclass(frozen=True)
class Mixture:
    """Of three Laplace distributions for each pixel; places and scales as shares of the range of inverse depth."""

    log_weights: Float[Tensor, "view 3 height width"]
    places: Float[Tensor, "view 3 height width"]
    scales: Float[Tensor, "view 3 height width"]
    planes: Float[Tensor, "view plane quarter_height quarter_width"]
    """Logits of the distribution over planes: those of the sweep, some before them, and one that is infinitely far."""

    def log_likelihood(self, share: Float[Tensor, "view height width"]) -> Float[Tensor, "view height width"]:
        """Logarithm of the density at a share of the range."""
        off = (share[:, None] - self.places).abs() / self.scales
        return (self.log_weights - off - (2 * self.scales).log()).logsumexp(1)

    def within(
        self, share: Float[Tensor, "view height width"], tolerance: Float[Tensor, "view height width"]
    ) -> Float[Tensor, "view height width"]:
        """Probability that the truth lies so near to a share of the range."""
        low, high = (self._below((share + sign * tolerance)[:, None]) for sign in (-1, 1))
        return (self.log_weights.exp() * (high - low)).sum(1)

    def _below(self, share: Float[Tensor, "view 1 height width"]) -> Float[Tensor, "view 3 height width"]:
        off = (share - self.places) / self.scales
        tail = 0.5 * torch.exp(-off.abs())
        return torch.where(off < 0, tail, 1 - tail)

    def best(self) -> Float[Tensor, "view height width"]:
        """The most likely of the three places."""
        densities = torch.stack([self.log_likelihood(self.places[:, k]) for k in range(3)], 1)
        return self.places.gather(1, densities.argmax(1, keepdim=True))[:, 0]


class Corrector(nn.Module):
    """Clues of views in, a mixture for each of their pixels out; every view by itself."""

    def __init__(self, planes: int):
        super().__init__()
        self.planes = planes
        full, half, quarter, eighth, sixteenth = WIDTHS
        self.slices = nn.Sequential(_conv(2 * planes, quarter), _conv(quarter, quarter))
        self.tokens = nn.Conv2d(WIDTH, 64, 1)
        self.down = nn.ModuleList(
            [
                _conv(MAPS, full),
                nn.Sequential(_conv(full, half, 2), _conv(half, half)),
                nn.Sequential(_conv(half, quarter, 2), _Residual(quarter)),
                nn.Sequential(_conv(2 * quarter, eighth, 2), _Residual(eighth)),
                nn.Sequential(_conv(eighth + 64, sixteenth, 2), _Residual(sixteenth), _Residual(sixteenth)),
            ]
        )
        self.up = nn.ModuleList(
            [
                nn.Sequential(_conv(half + full, full), _conv(full, full)),
                nn.Sequential(_conv(quarter + half, half), _conv(half, half)),
                nn.Sequential(_conv(eighth + 2 * quarter, quarter), _Residual(quarter)),
                nn.Sequential(_conv(sixteenth + eighth + 64, eighth), _Residual(eighth)),
            ]
        )
        self.volume = nn.Conv2d(quarter, planes + round(NEARER * planes) + 1, 1)
        self.head = nn.Conv2d(full + 1, 9, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def forward(self, clues: Clues) -> Mixture:
        full = self.down[0](clues.maps)
        half = self.down[1](full)
        quarter = torch.cat([self.down[2](half), self.slices(clues.slices)], 1)
        eighth = self.down[3](quarter)
        eighth = torch.cat([eighth, _to(self.tokens(clues.tokens), eighth)], 1)
        sixteenth = self.down[4](eighth)
        eighth = self.up[3](torch.cat([_to(sixteenth, eighth), eighth], 1))
        quarter = self.up[2](torch.cat([_to(eighth, quarter), quarter], 1))
        half = self.up[1](torch.cat([_to(quarter, half), half], 1))
        full = self.up[0](torch.cat([_to(half, full), full], 1))
        planes = self.volume(quarter).float()
        own = interpolate(self._peak(planes)[:, None], full.shape[2:], mode="bilinear", align_corners=False)
        return self._mixture(clues, own, self.head(torch.cat([full, own], 1)).float(), planes)

    def _mixture(
        self,
        clues: Clues,
        own: Float[Tensor, "view 1 height width"],
        said: Float[Tensor, "view 9 height width"],
        planes: Float[Tensor, "view plane quarter_height quarter_width"],
    ) -> Mixture:
        step = 1 / (self.planes - 1)
        logits, moves, widths = said.split(3, 1)
        sure = clues.sure.to(said.dtype)
        prior = SURE * torch.stack([sure, 1 - sure, torch.zeros_like(sure)], 1)
        starts = torch.cat([clues.found[:, None], clues.completed[:, None], own], 1)
        return Mixture(
            log_weights=log_softmax(logits + prior, 1),
            places=starts + REACH * step * torch.tanh(moves),
            scales=step * (SHARPEST + softplus(widths)),
            planes=planes,
        )

    def _peak(self, planes: Float[Tensor, "view plane h w"]) -> Float[Tensor, "view h w"]:
        """Mean over the best plane and its neighbours, as a share of the range."""
        finite = planes[:, :-1]
        at = torch.arange(finite.shape[1], device=planes.device, dtype=planes.dtype)[None, :, None, None]
        near = (at - finite.argmax(1, keepdim=True)).abs() <= 2
        weights = finite.masked_fill(~near, -torch.inf).softmax(1)
        return (weights * at).sum(1) / (self.planes - 1)


class _Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.inner = nn.Sequential(_conv(channels, channels), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.silu(x + self.inner(x))


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Normalised in groups, so that a batch has no part in what comes out."""
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.GroupNorm(8, outputs), nn.SiLU())


def _to(x: Float[Tensor, "view channel h w"], like: Float[Tensor, "view c height width"]) -> Tensor:
    return interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
