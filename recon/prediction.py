"""What one forward pass says of packed views, before anything is fused."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from render.cameras import Cameras
from render.gaussians import Gaussians

CameraOrigin = Literal["given", "solved", "guessed", "not registered"]


@dataclass(frozen=True)
class PixelGaussians:
    """One Gaussian a pixel, in the world frame of the pixel's scene. See `render.gaussians.Gaussians`."""

    means: Float[Tensor, "view height width 3"]
    quats_wxyz: Float[Tensor, "view height width 4"]
    scales: Float[Tensor, "view height width 3"]
    opacities: Float[Tensor, "view height width"]
    sh: Float[Tensor, "view height width coeff 3"]

    def where(self, chosen: Bool[Tensor, "view height width"]) -> Gaussians:
        """The chosen ones, view by view and row by row."""
        return Gaussians(
            means=self.means[chosen],
            quats_wxyz=self.quats_wxyz[chosen],
            scales=self.scales[chosen],
            opacities=self.opacities[chosen],
            sh=self.sh[chosen],
        )


@dataclass(frozen=True)
class CameraEstimate:
    """Cameras of packed views, in pixels of the working grid, and where each came from."""

    cameras: Cameras
    """An unregistered view carries the identity as its pose; nothing may use it."""
    origin: tuple[CameraOrigin, ...]
    """`given` where the pose was known, else how it ended; `guessed`: too few matches agree on it to be believed."""
    depth_range: Float[Tensor, "view 2"]
    """Nearest and farthest z-depth to look at in each view, from triangulated matches; in the world's unit."""
    warnings: tuple[tuple[str, ...], ...] = ()
    """Sentences for each scene of the pack."""
    facts: tuple[dict, ...] = ()
    """For each scene, numbers for the report: matches, inliers, tracks, reprojection error in pixels."""
    given_refused: tuple[bool, ...] = ()
    """For each scene, whether nothing is registered because the photos contradict the given poses."""


@dataclass(frozen=True)
class DepthEstimate:
    """Depth of packed views on the working grid."""

    depth: Float[Tensor, "view height width"]
    """z-depth, finite and > 0 everywhere."""
    confidence: Float[Tensor, "view height width"]
    """In [0, 1]: the share of agreement among other views; 0 where the depth was borrowed or completed."""
    backstop: Float[Tensor, "view height width"]
    """z-depth of a second layer behind `depth`: where a completed pixel may be instead."""
    empty: Bool[Tensor, "view height width"]
    """Where a photo says that nothing is there: a mask, or a black backdrop."""
    sky: Bool[Tensor, "view height width"]
    """Where a photo shows sky or a white backdrop: `depth` is a dome's around the scene, confidence is 0."""
    dome_radius: Float[Tensor, "view"]
    """Of that dome, around the middle of the scene's cameras; 0 where no photo of the scene shows sky."""
    gain: Float[Tensor, "view 3"]
    """What a photo's sRGB is multiplied by to come nearer to its scene's mean exposure and white balance."""

    def evened(self, pixels: Float[Tensor, "view 3 height width"]) -> Float[Tensor, "view 3 height width"]:
        """The views' `pixels`, nearer to their scene's mean exposure."""
        return (pixels * self.gain[:, :, None, None]).clamp_max(1)


@dataclass(frozen=True)
class Prediction:
    """All that the network says of packed views."""

    cameras: CameraEstimate
    depth: DepthEstimate
    gaussians: PixelGaussians
    """At `depth.depth`."""
    backstop: PixelGaussians
    """At `depth.backstop`."""
