"""The devices that networks can run on, and what memory they have."""

import os
from pathlib import Path

import torch

from render.errors import BackendError

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def devices(device: str, option: str = "device") -> list[str]:
    """Those that `cpu`, `cuda` or `auto` stands for: every CUDA device, or the CPU. `option` is what was set to it.

    Raises:
        BackendError: CUDA was asked for and there is none.
    """
    count = torch.cuda.device_count() if device in ("cuda", "auto") else 0
    if device == "cuda" and not count:
        raise BackendError(f"{option} is cuda, but torch sees no CUDA device here; use cpu or auto.")
    return [f"cuda:{i}" for i in range(count)] or ["cpu"]


def memory_bytes(device: str) -> int:
    """All that a device has; of a CPU, what this process may have."""
    if device != "cpu":
        return torch.cuda.get_device_properties(device).total_memory
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(there, int(_CGROUP.read_text()))
    except (OSError, ValueError):
        return there
