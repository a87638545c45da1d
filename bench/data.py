"""Pictures a second of the renderer, by layout: `python bench/data.py`, a markdown table.

Seconds are those that one core works; a scene is made once and photographed from several cameras, so the time of
making it counts for all its photos.
"""

import time

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
    layout, _ = LAYOUTS[name]
    spent = dict.fromkeys(("triangles", *PARTS), 0.0)
    for seed in range(-1, SCENES):
        if seed == 0:  # the first scene compiles
            spent = dict.fromkeys(spent, 0.0)
        rng = np.random.default_rng([1, abs(seed), list(LAYOUTS).index(name)])
        marks = [time.process_time()]
        stage = layout(rng, Supplies("train"))
        marks.append(time.process_time())
        with GLRenderer().load(stage.scene) as scene:
            marks.append(time.process_time())
            cameras = choose_cameras(stage, scene, rng, VIEWS, SIZE_WH)
            marks.append(time.process_time())
            shots = [scene.shoot(camera, 1.0) for camera in cameras]
            marks.append(time.process_time())
            for camera in cameras:
                scene.depth(camera)
            marks.append(time.process_time())
            for shot in shots:
                photographed(shot.rgb, random_style(rng), rng)
            marks.append(time.process_time())
        for part, seconds in zip(
            ("layout", "load", "cameras", "photo", "depth", "effects"), np.diff(marks), strict=True
        ):
            spent[part] += 1e3 * seconds / (VIEWS if part in ("photo", "depth", "effects") else 1) / SCENES
        spent["triangles"] += len(geometry(stage.scene).rows) / 3e3 / SCENES
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
