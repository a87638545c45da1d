"""Which workers this machine has for a batch, and what each may take of it."""

from dataclasses import dataclass

import torch

from recon.batch.config import SHARE, BatchConfig
from recon.cost_file import device_name
from recon.devices import devices, memory_bytes


@dataclass(frozen=True)
class Machine:
    """The same for all workers: where devices differ, the smallest counts."""

    places: tuple[str, ...]
    """The device of each worker."""
    threads: int | None
    """That a worker on a CPU may use; None: as many as it likes."""
    most_bytes: int
    """Of a device's memory, for one worker."""
    name: str
    """Of the device, by which costs are kept."""


def find_machine(config: BatchConfig) -> Machine:
    """What there is.

    Raises:
        BackendError: CUDA was asked for and there is none.
    """
    there = devices(config.device)
    workers = config.workers or len(there)
    places = tuple(there[i % len(there)] for i in range(workers))
    shared = max(places.count(place) for place in there)
    threads = max(1, torch.get_num_threads() // workers) if there == ["cpu"] and workers > 1 else None
    return Machine(
        places=places,
        threads=threads,
        most_bytes=round(SHARE * min(memory_bytes(place) for place in there) / shared),
        name=device_name(torch.device(there[0]), threads),
    )
