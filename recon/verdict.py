"""What a run thinks of its own scene, in a word, from what it knows without any truth.

The measure is how much of what the photos show has a depth that another photo agrees with. `bench/verdict.py` says
how far it ranks runs as their PSNR on photos that were held back does.
"""

from collections.abc import Sequence
from typing import Literal

from recon.prediction import CameraOrigin

Verdict = Literal["good", "usable", "poor"]

GOOD = 0.55
USABLE = 0.3


def verdict(origin: Sequence[CameraOrigin], share_trusted: float, one_place: bool = False) -> Verdict:
    """`good`, `usable` or `poor`; a run that fails raises an error instead.

    Poor where the cameras are a guess, or all photos seem to be taken from `one_place`.
    """
    if one_place or "guessed" in origin or share_trusted < USABLE:
        return "poor"
    return "good" if share_trusted >= GOOD else "usable"
