"""The learned correction of a scene's depth: clues of every view to the corrector, its answers back as depth."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from recon.network.depth.clues import ALONE_SHARE, Clues, clues, from_share
from recon.network.depth.complete import backstop
from recon.network.depth.corrector import Corrector
from recon.network.tokens import Tokens
from recon.prediction import CameraEstimate
from recon.views import Views
from recon.weight_files import RELEASED, give_weights

WEIGHTS = "depth"
"""Name of the released weights."""
LIKELY, LIKELY_OF_TWO, WITHIN_STEPS = 0.3, 0.4, 2.0
"""The network must say that its answer is so likely to be within so many steps between planes; else the classical one
stands. Two photos alone leave more that it cannot know."""


@dataclass(frozen=True)
class Classical:
    """What the classical depth stage says of the registered views of one scene."""

    found: Float[Tensor, "view height width"]
    """Inverse depth by matching, averaged with the views that agree."""
    likeness: Float[Tensor, "view height width"]
    slices: Float[Tensor, "view slice quarter_height quarter_width"]
    confidence: Float[Tensor, "view height width"]
    gain: Float[Tensor, "view 3"]
    close: Float[Tensor, "view height width"]
    """Inverse depth with what is not sure borrowed or filled."""
    behind: Float[Tensor, "view height width"]
    """Inverse depth of the backstop."""


def unmatched(pixels: Float[Tensor, "1 3 height width"], depth_range: Float[Tensor, "1 2"], planes: int) -> Classical:
    """Of a photo that is alone: nothing was looked for, so that its clues are those of `clues.alone`."""
    nothing = torch.zeros_like(pixels[:, 0])
    slices = nothing.new_zeros(1, 2 * planes, nothing.shape[1] // 4, nothing.shape[2] // 4)
    guess = from_share(nothing + ALONE_SHARE, depth_range[0])
    return Classical(guess, nothing, slices, nothing, nothing.new_ones(1, 3), guess, backstop(guess[0])[None])


class Correction(nn.Module):
    """Every view by itself."""

    def __init__(self, planes: int):
        super().__init__()
        self.corrector = Corrector(planes)
        self.tokens = Tokens.pretrained()

    @staticmethod
    def pretrained(planes: int, weights: str = "") -> "Correction":
        """With the weights of a file; without one, the released ones."""
        correction = Correction(planes)
        give_weights(correction.corrector, WEIGHTS, weights or RELEASED, "network.depth.corrector_weights")
        return correction.eval()

    @torch.no_grad()
    def forward(
        self,
        views: Views,
        classical: Classical,
        estimate: CameraEstimate,
        registered: list[int],
        shown: Bool[Tensor, "view height width"],
        sky: Bool[Tensor, "view height width"],
    ) -> tuple[Float[Tensor, "registered height width"], Float[Tensor, "registered height width"]]:
        """Inverse depth, and that of the backstop. What matching is sure of stays, and so does what the network is
        not sure enough of; the backstop gives way where what was learned lies farther.

        Of a view in which nothing was matched all is learned.
        """
        close, behind = classical.close.clone(), classical.behind.clone()
        told = scene_clues(views, classical, estimate, registered, shown, sky, self.tokens)
        for i, (v, own) in enumerate(zip(registered, told, strict=True)):
            mixture = self.corrector(Clues.stack([own]))
            share = mixture.best()
            tolerance = torch.full_like(share, WITHIN_STEPS / (self.corrector.planes - 1))
            likely = mixture.within(share, tolerance)[0] > (LIKELY if len(registered) > 2 else LIKELY_OF_TWO)
            farthest = 1 / estimate.depth_range[v, 1].to(share.dtype)
            answer = from_share(share[0], estimate.depth_range[v]).clamp_min(farthest / 2)
            sure = classical.confidence[i] > 0
            if sure.any():
                close[i] = torch.where(shown[v] & ~sure & likely, answer, close[i])
                behind[i] = torch.minimum(behind[i], close[i])
            else:
                close[i] = torch.where(shown[v], answer, close[i])
                behind[i] = backstop(close[i])
        return close, behind


def scene_clues(
    views: Views,
    classical: Classical,
    estimate: CameraEstimate,
    registered: list[int],
    shown: Bool[Tensor, "view height width"],
    sky: Bool[Tensor, "view height width"],
    tokens: Tokens,
) -> Iterator[Clues]:
    """Of the registered views of one scene, one by one: of sixteen large ones at once they would not fit."""
    for i, v in enumerate(registered):
        yield clues(
            views.pixels[v],
            classical.found[i],
            classical.close[i],
            classical.confidence[i],
            classical.likeness[i],
            shown[v],
            sky[v],
            classical.slices[i],
            tokens(views.pixels[[v]])[0],
            estimate.cameras[[v]],
            estimate.depth_range[v],
        )
