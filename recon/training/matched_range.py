"""How deep a run with given cameras looks into a scene whose depth nobody knows: as far as its matched points lie."""

import torch
from jaxtyping import Float
from torch import Tensor

from recon.network.cameras.matching import Matcher
from recon.network.cameras.stage import CamerasConfig, ClassicalCameras
from recon.network.encoder import Encoder
from recon.network.verifier import Verifier
from recon.views import Views
from render.errors import CamerasError


class MatchedRange:
    """The camera stage of a run, of which the depth ranges alone are wanted."""

    def __init__(self, config: CamerasConfig | None = None):
        config = config or CamerasConfig()
        matcher = Matcher(config.xfeat_keypoints, config.sift_keypoints, config.sift_ratio)
        self.encoder = Encoder(matcher)
        self.cameras = ClassicalCameras(matcher, Verifier())

    @torch.no_grad()
    def __call__(self, views: Views, seed: int = 0) -> Float[Tensor, "view 2"]:
        """Nearest and farthest z-depth to look at, in the unit of the cameras that `views.known` holds for all.

        Raises:
            CamerasError: the photos contradict those cameras.
        """
        estimate = self.cameras(views, self.encoder(views), seed)
        if estimate.given_refused[0]:
            raise CamerasError(" ".join(estimate.warnings[0]))
        return estimate.depth_range
