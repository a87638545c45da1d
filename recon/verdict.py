"""What a run thinks of its own scene, in a number and a word, from what it knows without any truth.

The measure is how much of what the photos show has a depth that another photo agrees with, and less where cameras had
to be found from little: a wrong focal length bends a scene on which all photos agree. `bench/verdict.py` and
`bench/spoiled.py` say how far it ranks runs as their PSNR on photos that were held back does.
"""

from collections.abc import Sequence
from typing import Literal

from recon.prediction import CameraOrigin

Verdict = Literal["good", "usable", "poor"]

GOOD = 0.55
USABLE = 0.3

SHARP_PX = 0.45
"""Median reprojection error, in pixels of a photo 768 long, up to which matches are as exact as they get."""
BLIND_SHARE = {2: 0.5, 3: 0.8}
"""What is left of the measure with so few photos whose focal length nobody knows: they hardly fix it."""


def quality(
    origin: Sequence[CameraOrigin], share_trusted: float, reprojection_error_px: float | None, focal_known: bool
) -> float:
    """In [0, 1]: 0 for one photo, or guessed cameras; where all registered poses were given, `share_trusted` alone."""
    if len(origin) == 1:
        return 0.0
    registered = [o for o in origin if o != "not registered"]
    if all(o == "given" for o in registered):
        return share_trusted
    if reprojection_error_px is None or "guessed" in registered:
        return 0.0
    exactness = min(1.0, SHARP_PX / max(reprojection_error_px, 1e-3)) ** 2
    return share_trusted * exactness * (1.0 if focal_known else BLIND_SHARE.get(len(registered), 1.0))


def reasons(
    origin: Sequence[CameraOrigin],
    share_trusted: float,
    reprojection_error_px: float | None,
    focal_known: bool,
    one_place: bool = False,
) -> list[str]:
    """What keeps a run from the best verdict, in a few words each; empty where nothing does."""
    if len(origin) == 1:
        return ["the depth is a guess from one photo"]
    registered = [o for o in origin if o != "not registered"]
    solved = any(o != "given" for o in registered)
    said = []
    if "guessed" in registered:
        said.append("the cameras are a guess")
    if one_place:
        said.append("all photos seem to be taken from one place")
    if solved and not focal_known and len(registered) in BLIND_SHARE:
        said.append(f"{len(registered)} photos hardly fix a focal length that neither EXIF nor --cameras tells")
    if solved and reprojection_error_px is not None and reprojection_error_px > SHARP_PX:
        said.append(f"matches miss by {reprojection_error_px:.2f} pixels")
    if share_trusted < GOOD:
        said.append("other photos agree with little of the depth")
    return said


def verdict(origin: Sequence[CameraOrigin], found: float, one_place: bool = False) -> Verdict:
    """A word for the quality `found`; a run that fails raises an error instead.

    Poor where the cameras are a guess, or all photos seem to be taken from `one_place`.
    """
    if one_place or "guessed" in origin or found < USABLE:
        return "poor"
    return "good" if found >= GOOD else "usable"
