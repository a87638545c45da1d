"""How far the learned depth may be believed: what it says of its own answers, beside how often they are right.

    python bench/calibration.py runs/depth/validation

The folder is one that `snapsplat train stage=depth` has made. Of every pixel whose depth is known the network says how
likely its answer is to be within half a step between planes; pixels are sorted into tenths by that.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from recon.network.depth.corrector import Corrector
from recon.network.depth.stage import DepthConfig
from recon.training.depth_samples import DepthSample, from_bytes
from recon.weight_files import load_weights

TENTHS = 10


def main(folder: Path) -> None:
    """Prints a table, of pixels that matching is not sure of and of the others."""
    planes = DepthConfig().planes
    corrector = Corrector(planes).eval()
    corrector.load_state_dict(load_weights("depth"))
    said: dict[bool, list[np.ndarray]] = {True: [], False: []}
    right: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for file in sorted(folder.glob("*.npz")):
        sample = DepthSample.stack([from_bytes(file.read_bytes())])
        with torch.no_grad():
            mixture = corrector(sample.clues)
            answer = mixture.best()
            likely = mixture.within(answer, torch.full_like(answer, 0.5 / (planes - 1)))
        hit = (answer - sample.truth).abs() < 0.5 / (planes - 1)
        for sure in said:
            chosen = sample.known & (sample.clues.sure == sure)
            said[sure].append(likely[chosen].numpy())
            right[sure].append(hit[chosen].numpy())
    print("| said | pixels matching is sure of | right | others | right |\n|---|---|---|---|---|")
    columns = [_tenths(np.concatenate(said[sure]), np.concatenate(right[sure])) for sure in (True, False)]
    for tenth, (sure, other) in enumerate(zip(*columns, strict=True)):
        print(f"| {tenth / TENTHS:.1f} to {(tenth + 1) / TENTHS:.1f} | {sure} | {other} |")


def _tenths(said: np.ndarray, right: np.ndarray) -> list[str]:
    """Share of the pixels in each tenth, and how many of them are right."""
    index = np.minimum((said * TENTHS).astype(int), TENTHS - 1)
    rows = []
    for tenth in range(TENTHS):
        chosen = index == tenth
        rows.append(
            f"{100 * chosen.mean():.1f} % | " + (f"{100 * right[chosen].mean():.0f} %" if chosen.any() else "-")
        )
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]))
