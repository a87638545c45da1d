"""Rasterizers side by side: `python bench/rasterize.py`, a markdown table.

The scene is a wavy wall as the network makes one: small flat Gaussians, several to a pixel. Times are the best of
some runs after a first one, which compiles.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from render.cameras import Cameras
from render.gaussians import Gaussians
from render.rasterize import RasterizeOptions, rasterize
from render.rasterize.options import Backend

RUNS = 5
LARGE, LARGE_WH = 500_000, (512, 384)
SMALL, SMALL_WH = 2_000, (96, 72)


@dataclass(frozen=True)
class Timing:
    """Seconds of one picture."""

    forward: float
    both: float
    """Forward with gradients recorded, and backward to all Gaussians and the camera's pose."""


def wall(count: int, size_wh: tuple[int, int], sh_degree: int = 0) -> tuple[Gaussians, Cameras]:
    """`count` Gaussians of about half a pixel across a wall four units away that fills the picture, and its camera."""
    generator = torch.Generator().manual_seed(0)
    width, height = size_wh
    focal = 0.8 * width
    xy = (torch.rand(count, 2, generator=generator) - 0.5) * torch.tensor([width, height]) * 1.05 * 4 / focal
    waves = 0.3 * torch.sin(2 * xy[:, 0]) + 0.3 * torch.cos(3 * xy[:, 1])
    z = 4 + waves + 0.02 * torch.randn(count, generator=generator)
    # A pixel's share of the wall grows where there are fewer Gaussians than pixels.
    footprint = 4 / focal * max(1.0, (width * height / count) ** 0.5)
    flat = torch.tensor([1.0, 1.0, 0.2])
    scene = Gaussians(
        means=torch.cat([xy, z[:, None]], -1),
        quats_wxyz=torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=-1),
        scales=footprint * (0.4 + 0.6 * torch.rand(count, 3, generator=generator)) * flat,
        opacities=0.39 + 0.6 * torch.rand(count, generator=generator),
        sh=0.3 * torch.randn(count, (sh_degree + 1) ** 2, 3, generator=generator),
    )
    K_px = torch.tensor([[[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]], dtype=torch.float64)
    return scene, Cameras(K_px, torch.eye(4, dtype=torch.float64)[None], torch.tensor([size_wh]))


def timing(scene: Gaussians, camera: Cameras, backend: Backend) -> Timing:
    """Draw `scene` some times with gradients and without, on the device where it lies."""
    options = RasterizeOptions(backend=backend)

    def forward() -> None:
        with torch.no_grad():
            rasterize(scene, camera, options)

    def both() -> None:
        leaves = Gaussians(**{name: tensor.clone().requires_grad_() for name, tensor in vars(scene).items()})
        moving = Cameras(camera.K_px, camera.T_world_camera.clone().requires_grad_(), camera.size_wh)
        drawn = rasterize(leaves, moving, options)
        (drawn.rgb.square().mean() + drawn.depth.mean()).backward()

    return Timing(best(forward, scene.means.device), best(both, scene.means.device))


def best(work: Callable[[], None], device: torch.device) -> float:
    """Least seconds of RUNS runs, after a first one that does not count."""
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def main() -> None:
    """Print the table."""
    cores = torch.get_num_threads()
    small, large, degree_3 = wall(SMALL, SMALL_WH), wall(LARGE, LARGE_WH), wall(LARGE, LARGE_WH, 3)
    slow = timing(*small, "torch")
    print("| rasterizer | threads | Gaussians | SH degree | picture | forward | forward + backward | to the oracle |")
    print("|---|---|---|---|---|---|---|---|")
    print(_row("torch (oracle)", cores, SMALL, 0, SMALL_WH, slow, "1x / 1x"))
    for threads in sorted({1, cores}):
        torch.set_num_threads(threads)
        fast = timing(*small, "numba")
        ratio = f"{slow.forward / fast.forward:.0f}x / {slow.both / fast.both:.0f}x"
        print(_row("numba", threads, SMALL, 0, SMALL_WH, fast, ratio))
        print(_row("numba", threads, LARGE, 0, LARGE_WH, timing(*large, "numba"), "out of its reach"))
        print(_row("numba", threads, LARGE, 3, LARGE_WH, timing(*degree_3, "numba"), "out of its reach"))


def _row(
    name: str, threads: int, count: int, sh_degree: int, size_wh: tuple[int, int], took: Timing, ratio: str
) -> str:
    picture = f"{size_wh[0]}x{size_wh[1]}"
    times = f"{took.forward * 1e3:.1f} ms | {took.both * 1e3:.1f} ms"
    return f"| {name} | {threads} | {count} | {sh_degree} | {picture} | {times} | {ratio} |"


if __name__ == "__main__":
    main()
