"""The bottom layer: cameras, Gaussians, rasterizers and file formats. Knows nothing of photos or networks."""

from pathlib import Path

from render.kernel_cache import drop_stale_kernels

drop_stale_kernels(Path(__file__).parent)
