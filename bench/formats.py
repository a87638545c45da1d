"""What each file format keeps of a scene, and what it costs; prints the table of docs/formats.md.

    snapsplat reconstruct examples/livingroom -o out/formats --size 192
    python -m bench.formats out/formats

PSNR is between pictures from memory and from the file, at the cameras of the run, 384 pixels wide.
"""

import sys
import tempfile
import time
from pathlib import Path

import gsply
import torch

from render.cameras import Cameras
from render.files.formats import FORMATS, read_scene
from render.files.posed import placed_cameras
from render.gaussians import Gaussians
from render.rasterize import rasterize

WIDTH = 384
ROUNDS = 3
"""The fastest counts."""


def main() -> None:
    """Write, read and draw the scene of a run in every format."""
    run = Path(sys.argv[1])
    scene, (_, cameras) = read_scene(run / "scene.ply"), placed_cameras(run / "cameras.json")
    width, height = cameras.size_wh[0].tolist()
    cameras = cameras.resized((WIDTH, round(WIDTH * height / width)))
    print(f"{len(scene)} Gaussians of degree {scene.sh_degree}, {len(cameras)} cameras.\n")
    print("| format | SH kept | bytes | write | read | PSNR |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for known in FORMATS:
            path = Path(folder) / f"scene{known.suffix}"
            written = min(_seconds(known.write, path, scene) for _ in range(ROUNDS))
            read = min(_seconds(known.read, path) for _ in range(ROUNDS))
            psnr = _psnr(scene, known.read(path), cameras)
            print(
                f"| {known.suffix} | {min(known.sh_degree, scene.sh_degree)} of {scene.sh_degree} | "
                f"{path.stat().st_size} | {written:.2f} s | {read:.2f} s | {psnr:.1f} dB |"
            )
        _by_gsply(run / "scene.ply", Path(folder), scene, cameras)


def _by_gsply(ply: Path, folder: Path, scene: Gaussians, cameras: Cameras) -> None:
    """The same job by another library, read again by ours."""
    data, path = gsply.plyread(str(ply)), folder / "gsply.spz"
    written = min(_seconds(gsply.write_spz, str(path), data) for _ in range(ROUNDS))
    psnr = _psnr(scene, read_scene(path), cameras)
    kept, size = f"{scene.sh_degree} of {scene.sh_degree}", path.stat().st_size
    print(f"| .spz by gsply | {kept} | {size} | {written:.2f} s | | {psnr:.1f} dB |")


def _seconds(work: object, *arguments: object) -> float:
    since = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - since


def _psnr(one: Gaussians, other: Gaussians, cameras: Cameras) -> float:
    pictures = [rasterize(scene, cameras).rgb.clamp(0, 1) for scene in (one, other)]
    return float(-10 * torch.log10((pictures[0] - pictures[1]).square().mean().clamp_min(1e-20)))


if __name__ == "__main__":
    main()
