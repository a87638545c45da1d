"""Pictures a second of the renderer, by layout: `python bench/data.py`, a markdown table.

Seconds are those that one core works; a scene is made once and photographed from several cameras, so the time of
making it counts for all its photos.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from data_tools.rooms.gl import GLRenderer
from data_tools.rooms.gl_context import context
from data_tools.rooms.gl_geometry import geometry
from data_tools.rooms.layouts import LAYOUTS
from data_tools.rooms.photo_effects import photographed, random_style
from data_tools.rooms.supplies import Supplies
from data_tools.rooms.trajectories import choose_cameras

SCENES = 8
VIEWS = 6
SIZE_WH = (384, 288)
PARTS = ("layout", "load", "cameras", "photo", "depth", "effects")


def measure(name: str) -> dict[str, float]:
    """Mean milliseconds of each part, over scenes; and thousands of triangles."""
    spent = dict.fromkeys(("triangles", *PARTS), 0.0)

    @contextmanager
    def clocked(part: str, times: int = 1) -> Iterator[None]:
        start = time.process_time()
        yield
        spent[part] += 1e3 * (time.process_time() - start) / times / SCENES

    for seed in range(SCENES):
        rng = np.random.default_rng([1, seed, list(LAYOUTS).index(name)])
        with clocked("layout"):
            stage = LAYOUTS[name][0](rng, Supplies("train"))
        spent["triangles"] += len(geometry(stage.scene).rows) / 3e3 / SCENES
        with ExitStack() as resources:
            with clocked("load"):
                scene = resources.enter_context(GLRenderer().load(stage.scene))
            with clocked("cameras"):
                cameras = choose_cameras(stage, scene, rng, VIEWS, SIZE_WH)
            scene.shoot(cameras[0], 1.0)  # compiles what no scene has needed before
            with clocked("photo", VIEWS):
                shots = [scene.shoot(camera, 1.0) for camera in cameras]
            with clocked("depth", VIEWS):
                for camera in cameras:
                    scene.depth(camera)
        with clocked("effects", VIEWS):
            for shot in shots:
                photographed(shot.rgb, random_style(rng), rng)
    return spent


def main() -> None:
    """Print the table."""
    width, height = SIZE_WH
    print(f"{context().gl.info['GL_RENDERER']}; {width}x{height}, {VIEWS} photos a scene, means of {SCENES} scenes.\n")
    print("| layout | thousand triangles | make | load | choose cameras | a photo | its depth alone | effects "
          "| photos a second, drawing alone | all in all |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in LAYOUTS:
        ms = measure(name)
        scene = ms["layout"] + ms["load"] + ms["cameras"] + VIEWS * (ms["photo"] + ms["effects"])
        print(
            f"| {name} | {ms['triangles']:.0f} | {ms['layout']:.0f} ms | {ms['load']:.0f} ms | {ms['cameras']:.0f} ms "
            f"| {ms['photo']:.0f} ms | {ms['depth']:.1f} ms | {ms['effects']:.0f} ms | {1e3 / ms['photo']:.1f} "
            f"| {1e3 * VIEWS / scene:.1f} |"
        )


if __name__ == "__main__":
    main()
