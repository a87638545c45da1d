"""The bottom layer: cameras, Gaussians, rasterizers and file formats. Knows nothing of photos or networks."""

import os

# numba's threads are OpenMP's wherever there is OpenMP. It would ask TBB first, and takes whichever another library has
# loaded (Open3D brings an old one), so that the same program would run otherwise from one process to the next.
# It is read when numba is loaded, so it stands here.
os.environ.setdefault("NUMBA_THREADING_LAYER_PRIORITY", "omp tbb workqueue")

from pathlib import Path

from render.kernel_cache import drop_stale_kernels

drop_stale_kernels(Path(__file__).parent)
