"""Measures what scenes of the banana photos cost on this machine, and prints the factors that fit.

    python -m bench.cost [MODEL]

prints one line for each run, and the factors for `DEFAULT` of recon/cost.py.
"""

import sys
import time
from pathlib import Path

import torch

from recon.config import load_config
from recon.cost import CostModel, Load, Measured
from recon.device_memory import PeakMemory
from recon.engine import Engine
from recon.images import decode_images
from recon.scene_input import make_input

PHOTOS = sorted(Path("examples/banana").glob("*.jpg"))
RUNS = [(2, 64), (2, 64), (4, 64), (2, 128), (4, 128), (2, 192), (3, 192), (4, 192), (2, 256), (4, 256)]
"""Photos and size; the first one warms up."""


def main() -> None:
    """Run them all."""
    model = sys.argv[1] if len(sys.argv) > 1 else "small"
    engine = Engine(load_config([f"network={model}"]).network)
    memory, measured = PeakMemory(engine.device), []
    for photos, size in RUNS:
        views = make_input(decode_images(PHOTOS[:photos]), None, size, time.perf_counter()).views
        memory.restart()
        since = time.perf_counter()
        engine.reconstruct([views])
        load = Load(photos, *views.size_wh)
        one = Measured(load, time.perf_counter() - since, memory.bytes)
        print(f"{photos} photos, {load.width} x {load.height}: {one.seconds:.2f} s, {one.peak_bytes / 1e9:.2f} GB")
        measured.append(one)
    print(f"On {torch.get_num_threads()} threads, device {engine.device}:")
    print(CostModel.fitted(measured[1:]))


if __name__ == "__main__":
    main()
