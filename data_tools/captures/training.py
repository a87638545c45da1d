"""One's own captures as endless scenes to train on, and as scenes whose photos are held out from that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from data_tools.captures.capture import Capture
from data_tools.captures.cut import cut_to, usual_size
from data_tools.captures.find import find_captures, read_capture
from data_tools.captures.load import load_scene
from recon.training.choose import choose_around, choose_views
from recon.training.scenes import TrainingScene
from render.errors import InputError

HELD_OUT_EVERY = 8
"""Of a capture's photos, by name, one in so many is held out (as with LLFF, Mildenhall et al. 2019)."""
SCENES = 10_000_000
"""How many a source of training scenes says that it has: they differ by the photos that are drawn."""
IN_MEMORY = 4
"""Captures whose photos a process keeps decoded."""


@dataclass(frozen=True, eq=False)
class CapturesToTrainOn:
    """A `SceneSource`: overlapping photos of one capture or another, none of them held out."""

    captures: tuple[Capture, ...]
    views: int
    """Photos a scene, at most."""
    fewest: int
    """Photos a scene, at least."""
    long_side: int
    """Of the photos, in pixels, at most."""

    def __len__(self) -> int:
        return SCENES

    def __getitem__(self, index: int) -> TrainingScene:
        """
        Raises:
            InputError: no `fewest` photos of the capture overlap; otherwise see `load_scene`.
        """
        scene = _loaded(self.captures, index % len(self.captures), self.long_side)
        rest = part(scene, [v for v in range(len(scene.photos)) if v not in held_out(len(scene.photos))])
        rng = np.random.default_rng(index)
        for count in range(min(self.views, len(rest.photos)), self.fewest - 1, -1):
            try:
                contexts, targets = choose_views(rest, count - 1, rng)
            except InputError:
                continue
            return part(rest, contexts + targets)
        raise InputError(
            f"{scene.name}: no {self.fewest} of the {len(rest.photos)} photos to train on overlap enough, taken from "
            "different places; `snapsplat data inspect` says more. Add photos between them, or leave the capture out."
        )


@dataclass(frozen=True, eq=False)
class CapturesHeldOut:
    """A `SceneSource`: for every photo held out, one scene of it and photos around it."""

    captures: tuple[Capture, ...]
    views: int
    long_side: int

    def __len__(self) -> int:
        return sum(len(held_out(len(capture.photos))) for capture in self.captures)

    def __getitem__(self, index: int) -> TrainingScene:
        """
        Raises:
            IndexError: fewer photos are held out.
        """
        # Of all captures first, so that few scenes are of many captures.
        rows = sorted((n, c, v) for c, capture in enumerate(self.captures)
                      for n, v in enumerate(held_out(len(capture.photos))))  # fmt: skip
        _, capture, target = rows[index]
        scene = _loaded(self.captures, capture, self.long_side)
        others = [v for v in range(len(scene.photos)) if v not in held_out(len(scene.photos))]
        contexts = choose_around(scene, target, others, self.views - 1, np.random.default_rng(index))
        return replace(part(scene, [*contexts, target]), held_out=(len(contexts),))


def captures_to_train_on(
    path: Path, views: int, fewest: int, long_side: int, needs_depth: bool
) -> tuple[CapturesToTrainOn, CapturesHeldOut]:
    """The captures at a path, to train on and to validate on.

    Args:
        views, fewest: photos a scene, at most and at least.
        needs_depth: photos without depth are left out.

    Raises:
        InputError: a capture has too few photos, or no depth where that is needed; or see `find_captures`.
        FileFormatError, CamerasError: see `read_capture`.
    """
    captures = tuple(_usable(read_capture(folder), fewest, needs_depth) for folder in find_captures(path))
    return CapturesToTrainOn(captures, views, fewest, long_side), CapturesHeldOut(captures, views, long_side)


def held_out(photos: int) -> range:
    """Which of a capture's photos are; from the middle, as a photo at the end is seldom within what others show."""
    return range(min(HELD_OUT_EVERY // 2, photos // 2), photos, HELD_OUT_EVERY)


def part(scene: TrainingScene, views: Sequence[int]) -> TrainingScene:
    """Some of its photos, in that order."""
    depth = None if scene.depth is None else tuple(scene.depth[v] for v in views)
    return replace(scene, photos=tuple(scene.photos[v] for v in views), cameras=scene.cameras[list(views)], depth=depth)


def _usable(capture: Capture, fewest: int, needs_depth: bool) -> Capture:
    photos = sorted(capture.photos, key=lambda photo: photo.name)
    if needs_depth:
        photos = [photo for photo in photos if photo.depth is not None]
        if not photos:
            raise InputError(
                f"{capture.name} has no depth, and this stage learns from true depth; stage=judge needs none."
            )
    if len(photos) - len(held_out(len(photos))) < fewest:
        raise InputError(
            f"{capture.name} has {len(photos)} photos {'with depth' if needs_depth else 'with cameras'}; at least "
            f"{fewest + 1} are needed: {fewest} to train on and one that is held out."
        )
    return replace(capture, photos=tuple(photos))


@lru_cache(IN_MEMORY)
def _loaded(captures: tuple[Capture, ...], index: int, long_side: int) -> TrainingScene:
    """In the shape that most photos of the first capture have."""
    scene = load_scene(captures[index], long_side)
    size_wh = usual_size(scene if index == 0 else _loaded(captures, 0, long_side))
    return cut_to(scene, size_wh)
