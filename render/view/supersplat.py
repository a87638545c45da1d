"""A scene as one .html page by splat-transform, PlayCanvas's program for Node: SuperSplat's viewer, all harmonics."""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from render.edit import strongest
from render.errors import BackendError
from render.files.ply import write_ply
from render.view.room import AIM, BYTES_PER_MB, weights
from render.view.scene import ViewedScene

PROGRAM = "splat-transform"
OLDEST = 3
"""Major version. Node 20 gets an older one from npm, which makes other pages."""
LONGEST_S = 600.0
TRIES = 3
DEVICES = (["--quiet"], ["--quiet", "--gpu", "cpu", "--sh-iterations", "1"])
"""A GPU groups harmonics in seconds; where there is none, the program fails, and a CPU has one round for it."""
INTO_VIEWER = np.array([-1.0, -1.0, 1.0])
"""The viewer has y up: it turns what a .ply holds by half a turn around z."""


def find_program() -> str | None:
    """Path of splat-transform, where it is and new enough."""
    path = shutil.which(PROGRAM)
    if path is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"v(\d+)\.", said.stdout + said.stderr)
    return path if said.returncode == 0 and version and int(version[1]) >= OLDEST else None


def supersplat_page(scene: ViewedScene, max_mb: float, program: str) -> tuple[str, int]:
    """The page, and how many Gaussians it shows: those that matter most, if all would pass `max_mb` megabytes.

    It begins where the first camera stood, upright. Colours depend on direction.

    Raises:
        BackendError: the program fails, takes too long, or its page is too large whatever is left out.
    """
    html, count = _made(scene, program), len(scene.gaussians)
    if len(html) <= max_mb * BYTES_PER_MB:
        return html, count
    by = weights(scene)
    for _ in range(TRIES - 1):
        count = max(int(AIM * count * max_mb * BYTES_PER_MB / len(html)), 1)
        html = _made(replace(scene, gaussians=strongest(scene.gaussians, count, by)), program)
        if len(html) <= max_mb * BYTES_PER_MB:
            return html, count
    raise BackendError(f"{PROGRAM} makes no page of {max_mb:g} MB of this scene; allow more, or take viser's page.")


def _made(scene: ViewedScene, program: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source, settings, made = (Path(folder) / name for name in ("scene.ply", "settings.json", "scene.html"))
        write_ply(source, scene.gaussians)
        settings.write_text(json.dumps(_settings(scene)))
        said = ""
        for device in DEVICES:
            command = [program, *device, "--overwrite", "--viewer-settings", str(settings), str(source), str(made)]
            try:
                ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LONGEST_S)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise BackendError(f"{PROGRAM} has made no page: {error}.") from error
            if ran.returncode == 0 and made.is_file():
                return made.read_text(encoding="utf-8")
            said = (ran.stderr or ran.stdout).strip()
        raise BackendError(f"{PROGRAM} has made no page; it says: {said.splitlines()[-1] if said else 'nothing'}")


def _settings(scene: ViewedScene) -> dict[str, object]:
    """Where the viewer begins, in the first and shortest form of its settings, which it still reads.

    Its field of view is that of a window's longer side.
    """
    first, centre = scene.cameras.T_world_camera[0].numpy(), scene.cameras.centres[0].numpy()
    longer, focal = float(scene.cameras.size_wh[0].max()), float(scene.cameras.K_px[0, 1, 1])
    return {
        "camera": {
            "position": (INTO_VIEWER * centre).tolist(),
            "target": (INTO_VIEWER * (centre + first[:3, 2] * scene.distance)).tolist(),
            "fov": float(np.degrees(2 * np.arctan(longer / (2 * focal)))),
            "startAnim": "none",
        },
        "background": {"color": [0, 0, 0]},
        "animTracks": [],
    }
