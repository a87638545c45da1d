"""What only a CUDA machine can tell, in one command that needs no network: see docs/gpu.md.

Builds gsplat's kernels, holds its pictures and gradients against the oracle, runs the engine on CUDA and on the CPU,
times both, and prints markdown tables. Ends with 1 if anything disagrees.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

IMAGE_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3
DEPTH_TOLERANCE = 1e-2
"""Greatest median relative difference of depths from the CPU's: sums in another order move the solvers a little."""
PSNR_FLOOR = 35.0
"""Least PSNR in dB of a scene made on CUDA against the one made on the CPU, drawn from the same cameras."""


def main() -> int:
    """Run every part; each prints its own table as soon as it has one."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = _arguments()
    if arguments.wheels is not None:
        from bench.carried import install_carried

        install_carried(arguments.wheels)
    from render.rasterize.gsplat_cuda import load_gsplat

    if not torch.cuda.is_available():
        print("torch sees no CUDA device here; this check is for a machine that has one.")
        return 1
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}, Python {sys.version.split()[0]}\n")
    seconds = timed(load_gsplat)
    print(f"gsplat's kernels were ready after {seconds:.0f} s.\n")
    passed = compare_rasterizers()
    time_rasterizers()
    if arguments.photos:
        passed = compare_engines(arguments.photos) and passed
    print("Everything agrees." if passed else "Something disagrees: see the rows marked NO.")
    return 0 if passed else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, help="folder of wheels and sdists that were carried along")
    parser.add_argument("--photos", type=Path, nargs="*", default=[], help="photos of one place for the engine")
    return parser.parse_args()


def compare_rasterizers() -> bool:
    """gsplat's pictures and gradients beside the oracle's in float64, with gradients for intrinsics and without."""
    from tests.render.scenes import SCENES, cameras

    print("| scene | intrinsics | largest difference of rgb and alpha | worst relative gradient | agrees |")
    print("|---|---|---|---|---|")
    all_agree = True
    for name, make in SCENES.items():
        for with_intrinsics in (False, True):
            scene, views = make(), cameras(2)
            oracle, slow = gradients(scene.to(torch.float64), views, "torch", with_intrinsics)
            drawn, fast = gradients(scene.to("cuda"), views.to("cuda"), "gsplat", with_intrinsics)
            image = float((drawn.cpu().double() - oracle).abs().max())
            gradient = max(relative(fast[tensor], slow[tensor]) for tensor in slow)
            agrees = image <= IMAGE_TOLERANCE and gradient <= GRADIENT_TOLERANCE
            all_agree &= agrees
            differentiable = "differentiable" if with_intrinsics else "fixed"
            print(f"| {name} | {differentiable} | {image:.1e} | {gradient:.1e} | {'yes' if agrees else 'NO'} |")
    print()
    return all_agree


def gradients(scene, views, backend, with_intrinsics: bool) -> tuple[Tensor, dict[str, Tensor]]:
    """rgb with alpha, and the gradients of a fixed random mixture of all that is drawn."""
    from render.gaussians import Gaussians
    from render.rasterize import RasterizeOptions, rasterize

    names = ["T_world_camera", "K_px"] if with_intrinsics else ["T_world_camera"]
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in vars(scene).items()}
    moving = {name: getattr(views, name).clone().requires_grad_() for name in names}
    output = rasterize(Gaussians(**leaves), replace(views, **moving), RasterizeOptions(backend=backend))
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros((), dtype=output.rgb.dtype, device=output.rgb.device)
    for drawn in (output.rgb, output.depth, output.alpha):
        total = total + (torch.randn(drawn.shape, generator=generator).to(drawn) * drawn).sum()
    if total.requires_grad:
        total.backward()
    grads = {
        name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in (leaves | moving).items()
    }
    return torch.cat([output.rgb, output.alpha[..., None]], -1).detach(), grads


def relative(fast: Tensor, slow: Tensor) -> float:
    """Length of the difference over the length of what is right."""
    return float((fast.cpu().double() - slow.double()).norm() / slow.double().norm().clamp_min(1e-12))


def time_rasterizers() -> None:
    """gsplat on CUDA beside numba on this machine's cores, on the scene of bench/rasterize.py."""
    from bench.rasterize import LARGE, LARGE_WH, timing, wall

    print(f"| rasterizer | {LARGE} Gaussians, {LARGE_WH[0]}x{LARGE_WH[1]}: forward | forward + backward |")
    print("|---|---|---|")
    scene, camera = wall(LARGE, LARGE_WH)
    # By "auto", CUDA tensors are drawn by gsplat and the CPU's by numba.
    for device in ("cuda", "cpu"):
        took = timing(scene.to(device), camera.to(device), "auto")
        print(
            f"| {'gsplat' if device == 'cuda' else 'numba'} | {took.forward * 1e3:.1f} ms | {took.both * 1e3:.1f} ms |"
        )
    print()


def compare_engines(photos: list[Path]) -> bool:
    """One scene made on the CPU and one on CUDA from the same photos: seconds, depths, and how alike they look."""
    from recon.reconstructor import Reconstructor

    made, seconds = {}, {}
    for device in ("cpu", "cuda"):
        reconstructor = Reconstructor(overrides=[f"device={device}"])
        reconstructor.reconstruct(photos)  # The first run compiles and warms up.
        seconds[device] = timed(lambda engine=reconstructor, at=device: made.update({at: engine.reconstruct(photos)}))
    cpu, cuda = made["cpu"], made["cuda"]
    pairs = zip(cpu.depth, cuda.depth, strict=True)
    depth = max(float(((there - here).abs() / here).median()) for here, there in pairs)
    similar = min(psnr(view, cpu, cuda) for view in range(len(cpu.cameras)) if cpu.origin[view] != "not registered")
    agrees = cpu.origin == cuda.origin and depth <= DEPTH_TOLERANCE and similar >= PSNR_FLOOR
    print("| engine | seconds | Gaussians | where the cameras came from |")
    print("|---|---|---|---|")
    for device, scene in made.items():
        print(f"| {device} | {seconds[device]:.2f} | {len(scene.gaussians)} | {', '.join(scene.origin)} |")
    print(
        f"\nDepths differ by {depth:.1e} (median, relative); "
        f"the scenes look alike to {similar:.1f} dB, least of all views."
    )
    print(f"The engines agree: {'yes' if agrees else 'NO'}\n")
    return agrees


def psnr(view: int, cpu, cuda) -> float:
    """Of the scene made on CUDA against the one made on the CPU, both drawn from the CPU's camera of one photo."""
    camera = cpu.cameras[[view]]
    here, there = (scene.render(camera).rgb.clamp(0, 1) for scene in (cpu, cuda))
    return float(-10 * (there - here).square().mean().clamp_min(1e-10).log10())


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall clock that `work` takes."""
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
