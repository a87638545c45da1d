"""What there is to know of a scene before it is drawn: counts, bounds, distributions, and what looks wrong."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from scipy.spatial import KDTree

from render.gaussians import Gaussians

NEEDLE = 50.0
"""A Gaussian so many times longer than it is wide is a needle: it shows as a streak from the side."""
FAR = 30.0
"""A floater is so many times farther from its nearest neighbours than the median Gaussian is."""
NEIGHBOURS = 4
NEIGHBOURS_LOOKED_AT = 200_000
"""Of larger scenes, every second, third ... Gaussian is looked at."""
TOLD_FROM = 0.001
"""Share of Gaussians from which needles and floaters get a warning."""
FAINT = 1 / 255
"""An opacity below which nothing is drawn."""
BINS = 10


@dataclass(frozen=True, eq=False)
class SceneFacts:
    """Numbers about one scene."""

    count: int
    sh_degree: int
    low: Float32[np.ndarray, "3"]
    """Least coordinate of all centres; 0 where there is no Gaussian."""
    high: Float32[np.ndarray, "3"]
    opacity_counts: tuple[int, ...]
    """Gaussians in each tenth of [0, 1]."""
    scale_edges: Float64[np.ndarray, "edge"]
    """Ends of as many bins, evenly in the logarithm, over the longest scale of each Gaussian."""
    scale_counts: tuple[int, ...]
    needles: int
    floaters: int
    """In `looked_at` Gaussians."""
    looked_at: int
    faint: int

    @property
    def warnings(self) -> list[str]:
        """Sentences about what looks wrong."""
        told = []
        if not self.count:
            return ["There is no Gaussian."]
        if self.needles > TOLD_FROM * self.count:
            told.append(f"{self.needles} Gaussians are needles, more than {NEEDLE:g} times as long as wide.")
        if self.floaters > TOLD_FROM * self.looked_at:
            told.append(
                f"{self.floaters} of {self.looked_at} Gaussians looked at are floaters, more than {FAR:g} times as far "
                "from their neighbours as the median; a dome of sky counts too."
            )
        if self.faint > TOLD_FROM * self.count:
            told.append(f"{self.faint} Gaussians have an opacity below 1/255, and are not drawn.")
        return told


def facts_of(gaussians: Gaussians) -> SceneFacts:
    """Look at a scene whose values are finite, as every one that was read from a file is."""
    means, scales, opacities = (
        tensor.detach().cpu().float().numpy() for tensor in (gaussians.means, gaussians.scales, gaussians.opacities)
    )
    count = len(means)
    ordered = np.sort(scales, axis=1)
    longest = ordered[:, 2].astype(np.float64)
    edges = np.geomspace(longest.min(), longest.max() * (1 + 1e-6), BINS + 1) if count else np.ones(BINS + 1)
    every = -(-count // NEIGHBOURS_LOOKED_AT) or 1
    return SceneFacts(
        count=count,
        sh_degree=gaussians.sh_degree,
        low=means.min(0) if count else np.zeros(3, np.float32),
        high=means.max(0) if count else np.zeros(3, np.float32),
        opacity_counts=tuple(np.histogram(opacities, BINS, (0, 1))[0].tolist()),
        scale_edges=edges,
        scale_counts=tuple(np.histogram(longest, edges)[0].tolist()) if count else (0,) * BINS,
        needles=int((ordered[:, 2] > NEEDLE * ordered[:, 1]).sum()),
        floaters=_floaters(means[::every]),
        looked_at=len(means[::every]),
        faint=int((opacities < FAINT).sum()),
    )


def _floaters(means: Float32[np.ndarray, "n 3"]) -> int:
    if len(means) <= NEIGHBOURS:
        return 0
    distances = KDTree(means).query(means, NEIGHBOURS + 1)[0][:, -1]
    return int((distances > FAR * max(np.median(distances), 1e-12)).sum())
