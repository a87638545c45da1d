"""What a batch would take, before anything runs: by the same costs as `snapsplat plan`."""

from collections.abc import Sequence
from dataclasses import dataclass

from recon.batch.packs import Costs, Packs
from recon.batch.todo import Todo

BYTES_PER_PIXEL = 112
"""On the disk, of a pixel of the working grid: at most one Gaussian of degree 1 in `scene.ply`, depth, confidence."""


@dataclass(frozen=True)
class Forecast:
    """Of all scenes that are to be made."""

    scenes: int
    packs: int
    photos: int
    seconds: float
    """With all workers at work from the beginning to the end; loading is not counted."""
    peak_bytes: int
    """Of the device, for the largest pack of one worker."""
    disk_bytes: int
    """About."""


def forecast(todo: Sequence[Todo], costs: Costs, workers: int, batch_seconds: float, most_bytes: int) -> Forecast:
    """Cut the packs as a run would, and add them up."""
    packs = Packs(todo, costs, batch_seconds, most_bytes, workers)
    cut = []
    while pack := packs.next():
        cut.append(pack)
    seconds = [costs.model(pack.model).seconds(pack.load) for pack in cut]
    peaks = [costs.model(pack.model).peak_bytes(pack.load) for pack in cut]
    pixels = sum(one.load.photos * one.load.width * one.load.height for one in todo)
    return Forecast(
        scenes=len(todo),
        packs=len(cut),
        photos=sum(one.load.photos for one in todo),
        # No batch is shorter than its longest pack.
        seconds=max([sum(seconds) / workers, *seconds]),
        peak_bytes=max(peaks, default=0),
        disk_bytes=pixels * BYTES_PER_PIXEL,
    )
