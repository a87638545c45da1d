"""How much better scenes could be if depth were right: classical, learned and true depth, everything else the same.

    python -m bench.true_depth 12                              # random rooms that training never sees
    python -m bench.true_depth 6 --captures my/captures        # captures whose depth is known

Prints a table in markdown: PSNR of held-out photos, and AbsRel of the depth that was used.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from data_tools.captures.source import Captures
from data_tools.rooms.source import RoomsSource
from recon.config import load_config
from recon.engine import Engine
from recon.evaluation.evaluate import Scores, evaluate_scene
from recon.network.depth.complete import backstop
from recon.network.encoder import Features
from recon.prediction import CameraEstimate, DepthEstimate
from recon.training.choose import choose_views
from recon.training.scenes import SceneSource, TrainingScene
from recon.views import Views
from render.errors import InputError

TARGETS = 2


class TrueDepth(nn.Module):
    """Stands where the depth stage stands, and puts the truth where it is known, sure of it all."""

    def __init__(self, stage: nn.Module):
        super().__init__()
        self.stage = stage
        self.correction = stage.correction
        self.truth: list[np.ndarray] = []

    def forward(self, views: Views, features: Features, cameras: CameraEstimate) -> DepthEstimate:
        """Of one scene, all views registered."""
        found = self.stage(views, features, cameras)
        depth, behind, sure = found.depth.clone(), found.backstop.clone(), found.confidence.clone()
        for v, truth in enumerate(self.truth):
            w, h = views.photo_size_wh[v].tolist()
            true = torch.from_numpy(cv2.resize(truth, (w, h), interpolation=cv2.INTER_NEAREST_EXACT))
            known = torch.isfinite(true) & (true > 0) & ~found.empty[v, :h, :w] & ~found.sky[v, :h, :w]
            depth[v, :h, :w] = torch.where(known, true, depth[v, :h, :w])
            sure[v, :h, :w] = torch.where(known, torch.ones_like(true), torch.zeros_like(true))
            behind[v] = 1 / backstop(1 / depth[v])
        return replace(found, depth=depth, backstop=behind, confidence=sure)


def table(scenes: SceneSource, count: int, photos: list[int], size: int) -> None:
    """Print the table."""
    engines = {model: Engine(load_config([f"network={model}"]).network, "cpu") for model in ("classical", "small")}
    true = Engine(load_config(["network=classical"]).network, "cpu")
    true.network.depth = TrueDepth(true.network.depth)
    engines["true depth"] = true
    print("| photos | " + " | ".join(f"{name}, PSNR | AbsRel" for name in engines) + " | scenes |")
    print("|---" * (2 + 2 * len(engines)) + "|")
    for n in photos:
        rows = [r for r in (_row(engines, scenes[i % len(scenes)], n, size, i) for i in range(count)) if r is not None]
        cells = []
        for name in engines:
            scores = [row[name] for row in rows]
            absrel = [s.depth.absrel for s in scores if s.depth is not None]
            cells.append(f"{np.mean([s.psnr for s in scores]):.2f} | {np.mean(absrel):.3f}")
        print(f"| {n} | " + " | ".join(cells) + f" | {len(rows)} |", flush=True)


def _row(engines: dict[str, Engine], scene: TrainingScene, n: int, size: int, seed: int) -> dict[str, Scores] | None:
    """Scores of one scene by every engine, or nothing where it has no such photos or one of them makes none."""
    if len(scene.photos) < n + TARGETS or scene.depth is None:
        return None
    try:
        contexts, targets = choose_views(scene, n, np.random.default_rng([0, seed]), TARGETS)
    except InputError:
        return None  # Too few of its photos overlap.
    depth = engines["true depth"].network.depth
    assert isinstance(depth, TrueDepth)
    depth.truth = [scene.depth[v] for v in contexts]
    found = {name: evaluate_scene(engine, scene, contexts, targets, size) for name, engine in engines.items()}
    return {k: s for k, s in found.items() if isinstance(s, Scores)} if all(
        isinstance(s, Scores) for s in found.values()
    ) else None  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=int, help="how many; more than there are: other photos of the same")
    parser.add_argument("--captures", type=Path, help="a folder of captures with depth, instead of random rooms")
    parser.add_argument("--photos", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--size", type=int, default=256)
    told = parser.parse_args()
    source: SceneSource = (
        RoomsSource("validation", max(told.photos) + TARGETS)
        if told.captures is None
        else Captures.at(told.captures, long_side=4 * told.size)
    )
    table(source, told.scenes, told.photos, told.size)
