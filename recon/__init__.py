"""Photos in, Gaussians out: reading photos, the network and its stages, the engine that runs it."""

import os

# By default OpenMP's threads spin while they wait for each other, and stand in the way of any other program that wants
# the cores: beside one, a stage was seen to take 35 times as long. It is read when torch is loaded, so it stands here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pathlib import Path

import render
from render.kernel_cache import drop_stale_kernels

drop_stale_kernels(Path(__file__).parent, Path(render.__file__).parent)
