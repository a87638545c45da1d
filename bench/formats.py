"""What each file format keeps of a scene, and what it costs; prints the tables of docs/formats.md.

    snapsplat reconstruct examples/livingroom -o out/formats --size 192
    python -m bench.formats out/formats

PSNR is between pictures from memory and from the file, at the cameras of the run, 384 pixels wide. Beside ours stand
gsply, gaussforge and, where SNAPSPLAT_NODE names a folder that has it (see tests/render/files/node_tools.py),
splat-transform; what they write is read by us.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gsply
import torch

from render.cameras import Cameras
from render.contribution import contributions
from render.edit import strongest
from render.files.formats import FORMATS, SceneFormat, read_scene, write_scene
from render.files.posed import placed_cameras
from render.files.usd import ENDINGS, write_usd
from render.gaussians import Gaussians
from render.rasterize import rasterize
from render.turn import moved, similarity
from tests.render.files.node_tools import NODE, SPLAT_TRANSFORM, splat_transform

WIDTH = 384
ROUNDS = 3
"""The fastest counts."""
LONGEST = 300
"""Seconds that another tool gets."""
SHARES = (0.75, 0.5, 0.25)
HALF_TURN = similarity(torch.diag(torch.tensor([-1.0, 1.0, -1.0])), torch.zeros(3))
"""Between a .glb of splat-transform's and one of ours."""


def main() -> None:
    """Write, read and draw the scene of a run in every format, ours and others', then with fewer Gaussians."""
    run = Path(sys.argv[1])
    scene, (_, cameras) = read_scene(run / "scene.ply"), placed_cameras(run / "cameras.json")
    width, height = cameras.size_wh[0].tolist()
    cameras = cameras.resized((WIDTH, round(WIDTH * height / width)))
    print(f"{len(scene)} Gaussians of degree {scene.sh_degree}, {len(cameras)} cameras.\n")
    print("| format | by | SH kept | bytes | write | read | PSNR |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for known in FORMATS:
            path = Path(folder) / f"scene{known.suffix}"
            written = min(_seconds(known.write, path, scene) for _ in range(ROUNDS))
            read = min(_seconds(known.read, path) for _ in range(ROUNDS))
            _row(known, "snapsplat", path, written, scene, cameras, f"{read:.2f} s")
            for name, write in _others(Path(folder), scene, known.suffix).items():
                path = Path(folder) / f"{name}{known.suffix}"
                try:
                    _row(known, name, path, _seconds(write, path), scene, cameras)
                except subprocess.TimeoutExpired as error:
                    print(f"| {known.suffix} | {name} | | | over {error.timeout:.0f} s | | |")
        for ending in ENDINGS:
            path = Path(folder) / f"scene{ending}"
            written = _seconds(write_usd, path, scene)
            print(f"| {ending} | snapsplat | all | {path.stat().st_size} | {written:.2f} s | | |")
    _fewer(scene, cameras)


def _row(
    known: SceneFormat, name: str, path: Path, written: float, scene: Gaussians, cameras: Cameras, read: str = ""
) -> None:
    kept = read_scene(path)
    if name == "splat-transform" and known.suffix == ".glb":
        kept = moved(kept, HALF_TURN)
    degrees = f"{min(known.sh_degree, scene.sh_degree)} of {scene.sh_degree}"
    psnr = f"{_psnr(scene, kept, cameras):.1f} dB"
    print(f"| {known.suffix} | {name} | {degrees} | {path.stat().st_size} | {written:.2f} s | {read} | {psnr} |")


def _others(folder: Path, scene: Gaussians, suffix: str) -> dict[str, Callable[[Path], object]]:
    """Who else writes this format, from the .ply of it."""
    ply = folder / "given.ply"
    write_scene(ply, scene)
    found: dict[str, Callable[[Path], object]] = {}
    if suffix == ".spz":
        found["gsply"] = lambda path: gsply.write_spz(str(path), gsply.plyread(str(ply)), version=3)
    if suffix == ".compressed.ply":
        found["gsply"] = lambda path: gsply.plywrite(str(path), gsply.plyread(str(ply)), compressed=True)
    if suffix in (".spz", ".compressed.ply", ".splat", ".sog"):
        found["gaussforge"] = lambda path: _gaussforge(ply, path, suffix[1:])
    if suffix in (".spz", ".compressed.ply", ".sog", ".glb") and NODE.exists() and SPLAT_TRANSFORM.exists():
        options = {".spz": ("--spz-version", 3), ".sog": ("-g", "cpu")}.get(suffix, ())
        found["splat-transform"] = lambda path: splat_transform(*options, ply, path)
    return found


def _gaussforge(ply: Path, path: Path, kind: str) -> None:
    """In a process of its own, which can be ended."""
    script = (
        "import gaussforge, pathlib, sys; ply, path, kind = sys.argv[1:]; "
        "data = gaussforge.GaussForge().convert(pathlib.Path(ply).read_bytes(), 'ply', kind)['data']; "
        "pathlib.Path(path).write_bytes(data)"
    )
    command = [sys.executable, "-c", script, str(ply), str(path), kind]
    subprocess.run(command, timeout=LONGEST, check=True, capture_output=True)


def _fewer(scene: Gaussians, cameras: Cameras) -> None:
    """How alike a scene with fewer Gaussians is, at the cameras of the run and half way between them."""
    added = contributions(scene, cameras)
    views = {"the run's cameras": cameras, "half way between": _between(cameras)}
    print("\n| kept | by | " + " | ".join(views) + " |\n|---|---|---|---|")
    for share in SHARES:
        for by, weights in (("contribution", added), ("opacity", None)):
            kept = strongest(scene, round(share * len(scene)), weights)
            print(
                f"| {share:.0%} | {by} | "
                + " | ".join(f"{_psnr(scene, kept, v):.1f} dB" for v in views.values())
                + " |"
            )


def _between(cameras: Cameras) -> Cameras:
    """Cameras with the rotation of each and half way to the place of the next."""
    poses = cameras.T_world_camera.clone()
    poses[:, :3, 3] = (poses[:, :3, 3] + poses.roll(-1, 0)[:, :3, 3]) / 2
    return replace(cameras, T_world_camera=poses)


def _seconds(work: object, *arguments: object) -> float:
    since = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - since


def _psnr(one: Gaussians, other: Gaussians, cameras: Cameras) -> float:
    pictures = [rasterize(scene, cameras).rgb.clamp(0, 1) for scene in (one, other)]
    return float(-10 * torch.log10((pictures[0] - pictures[1]).square().mean().clamp_min(1e-20)))


if __name__ == "__main__":
    main()
