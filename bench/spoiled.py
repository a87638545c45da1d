"""What spoiled photos cost, whether they are named, and how far the verdict's measure ranks runs as true PSNR does.

`python bench/spoiled.py [rooms]`: rendered rooms whose cameras are known, eight photos each, given without cameras. A
quarter of the photos is spoiled in known ways, or the whole capture is; PSNR is of photos between them, drawn from
their true cameras moved into the scene's frame. Prints two tables and Spearman's rho with a bootstrap interval.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from scipy.stats import spearmanr

from data_tools.room import Room, room
from recon.complaints import complaints
from recon.config import load_config
from recon.engine import Engine
from recon.images import ImageSet, Photo
from recon.reconstruction import Reconstruction
from recon.views import make_views
from render.cameras import Cameras
from render.errors import SnapsplatError

SIZE = 256
SPOILED = (2, 5)
SAMPLES = 2000
Picture = np.ndarray


@dataclass
class Run:
    room: int
    kind: str
    psnr: float
    quality: float
    verdict: str
    named: int


def blurred(photo: Picture, sigma: float) -> Picture:
    """By a Gaussian of `sigma` pixels."""
    return cv2.GaussianBlur(photo, (0, 0), sigma)


def noisy(photo: Picture, sigma: float) -> Picture:
    """With normal noise of `sigma` 8-bit levels."""
    noise = np.random.default_rng(0).normal(0, sigma, photo.shape)
    return (photo + noise).clip(0, 255).astype(np.uint8)


def quarter(photos: list[Picture], change: Callable[[int], Picture]) -> list[Picture]:
    """Two of eight photos changed."""
    return [change(i) if i in SPOILED else photo for i, photo in enumerate(photos)]


def captures(shown: Room, other: Room) -> dict[str, list[Picture]]:
    """Photos by the name of what was done to them."""
    photos, elsewhere = shown.photos[::2], other.photos[::2]
    return {
        "clean": photos,
        "quarter black": quarter(photos, lambda i: np.zeros_like(photos[i])),
        "quarter blurred, 6 px": quarter(photos, lambda i: blurred(photos[i], 6)),
        "quarter of another room": quarter(photos, lambda i: elsewhere[i]),
        "quarter the same picture": quarter(photos, lambda i: photos[i - 1]),
        "quarter turned by 90 degrees": quarter(photos, lambda i: np.rot90(photos[i]).copy()),
        "quarter twice as dark": quarter(photos, lambda i: photos[i] // 2),
        "all blurred, 3 px": [blurred(p, 3) for p in photos],
        "all noisy, 25 levels": [noisy(p, 25) for p in photos],
        "three photos": photos[::3],
        "the two outermost photos": [photos[0], photos[-1]],
        "two neighbours": photos[3:5],
    }


def psnr_between(scene: Reconstruction, kept: list[int], spoiled: bool, truth: Room) -> float:
    """Of the photos between those that were given, after the best gain per channel.

    A similarity moves the true cameras into the scene; photos that were spoiled (turned, say) have no say in it.
    """
    good = [i for i, origin in enumerate(scene.origin) if origin != "not registered"]
    good = [i for i in good if not (spoiled and i in SPOILED)]
    true = truth.cameras.T_world_camera[::2][[kept[i] for i in good]].numpy()
    found = scene.cameras.T_world_camera[good].numpy()
    if len(good) < 2:
        return float("nan")
    scale, R, t = similarity(true, found)
    errors = []
    for i in range(1, len(truth.photos), 2):
        T = truth.cameras.T_world_camera[i].numpy().copy()
        T[:3, :3], T[:3, 3] = R @ T[:3, :3], scale * R @ T[:3, 3] + t
        photo = torch.from_numpy(truth.photos[i]).float() / 255
        height, width = photo.shape[:2]
        camera = Cameras(truth.cameras.K_px[[i]], torch.from_numpy(T)[None], torch.tensor([[width, height]]))
        drawn = scene.render(camera).rgb[0].clamp(0, 1)
        gain = (drawn * photo).sum((0, 1)) / drawn.square().sum((0, 1)).clamp_min(1e-9)
        errors.append(float((drawn * gain - photo).square().mean()))
    return float(np.mean(-10 * np.log10(errors)))


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """(scale, R, t) from source cameras to target cameras: R from their axes, scale and t from their centres."""
    U, _, Vt = np.linalg.svd(sum(b[:3, :3] @ a[:3, :3].T for a, b in zip(source, target, strict=True)))
    R = U @ np.diag([1, 1, np.linalg.det(U @ Vt)]) @ Vt
    a, b = source[:, :3, 3], target[:, :3, 3]
    a0, b0 = a - a.mean(0), b - b.mean(0)
    scale = float(((a0 @ R.T) * b0).sum() / max((a0**2).sum(), 1e-12))
    return scale, R, b.mean(0) - scale * R @ a.mean(0)


def reconstructed(engine: Engine, photos: list[Picture]) -> tuple[Reconstruction | SnapsplatError, list[str]]:
    """The answer, and all warnings."""
    images = ImageSet(tuple(Photo(f"{i}.png", p, None, (p.shape[1], p.shape[0]), None) for i, p in enumerate(photos)))
    (answer,) = engine.reconstruct([make_views(images, SIZE)])
    said = list(answer.report["warnings"]) if isinstance(answer, Reconstruction) else [str(answer)]
    return answer, [*complaints(images), *said]


def main(rooms: int) -> None:
    """Print the tables."""
    engine = Engine(load_config().network, "cpu")
    runs = []
    for seed in range(rooms):
        truth = room(15, focal_px=(300.0, 400.0, 520.0)[seed % 3], seed=seed)
        for kind, photos in captures(truth, room(15, seed=seed + 100)).items():
            kept = {"three photos": [0, 3, 6], "the two outermost photos": [0, 7], "two neighbours": [3, 4]}
            answer, said = reconstructed(engine, photos)
            if isinstance(answer, SnapsplatError):
                print(f"room {seed}, {kind}: {answer}", file=sys.stderr)
                continue
            named = sum(any(f"{i}.png" in sentence for sentence in said) for i in SPOILED)
            report = answer.report
            psnr = psnr_between(answer, kept.get(kind, list(range(8))), kind.startswith("quarter"), truth)
            runs.append(Run(seed, kind, psnr, report["quality"], report["verdict"], named))
    clean = {run.room: run.psnr for run in runs if run.kind == "clean"}
    runs = [run for run in runs if run.room in clean and np.isfinite(run.psnr)]
    print("| photos | PSNR | less than clean | spoiled ones named | quality | verdicts |\n|---|---|---|---|---|---|")
    for kind in dict.fromkeys(run.kind for run in runs):
        of = [run for run in runs if run.kind == kind]
        loss = np.mean([clean[run.room] - run.psnr for run in of])
        named = f"{sum(run.named for run in of)} of {2 * len(of)}" if kind.startswith("quarter") else "-"
        quality, verdicts = np.mean([run.quality for run in of]), ", ".join(sorted({run.verdict for run in of}))
        print(
            f"| {kind} | {np.mean([run.psnr for run in of]):.2f} | {loss:.2f} | {named} | {quality:.2f} | {verdicts} |"
        )
    lost = [clean[run.room] - run.psnr for run in runs if run.kind.startswith("quarter")]
    print(f"\nA quarter spoiled costs {np.mean(lost):.2f} dB in the mean.\n")
    quality, psnr = np.array([run.quality for run in runs]), np.array([run.psnr for run in runs])
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(runs), len(runs)) for _ in range(SAMPLES)]
    low, high = np.nanpercentile([spearmanr(quality[i], psnr[i])[0] for i in drawn], [2.5, 97.5])
    rho = spearmanr(quality, psnr)[0]
    print(f"Spearman's rho of quality and PSNR over {len(runs)} runs: {rho:.2f} ({low:.2f} to {high:.2f}).")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
