"""What is seen in each view by itself: keypoints to match, and dense descriptors for the plane sweep."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recon.network.cameras.matching import Keypoints, Matcher
from recon.views import Views


@dataclass(frozen=True)
class Features:
    """Of packed views."""

    keypoints: tuple[Keypoints, ...]
    """In pixels of the fine grid."""
    descriptors: Float[Tensor, "view 64 quarter_height quarter_width"]
    """Unit length, at a quarter of the working grid."""

    def of(self, views: list[int]) -> "Features":
        """Those of some of the views."""
        return Features(tuple(self.keypoints[v] for v in views), self.descriptors[views])


class Encoder(nn.Module):
    """XFeat on the fine grid; its descriptor map at 1/8 of that is at 1/4 of the working grid."""

    def __init__(self, matcher: Matcher):
        super().__init__()
        self.matcher = matcher

    @torch.no_grad()
    def forward(self, views: Views) -> Features:
        keypoints, maps = self.matcher.detect(views.fine)
        return Features(tuple(keypoints), torch.nn.functional.normalize(maps, dim=1))
