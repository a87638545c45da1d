"""The most memory that a batch took: of a CUDA device, or of this process.

On CUDA what tensors took, and not what torch has reserved: it keeps what it once had, so that after a large batch each
small one would seem to take as much.
"""

import contextlib
import resource
import sys
from pathlib import Path

import torch

FRAGMENTED = 1.1
"""What torch needs beyond its tensors: it takes memory in pieces that they don't fill. Assumed, not measured."""
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_TORCH_OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


class PeakMemory:
    """From one `restart` to the next."""

    def __init__(self, device: torch.device):
        self._device = device

    def restart(self) -> None:
        """Forget what was; where the system cannot, the peak is that of the process so far."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return
        with contextlib.suppress(OSError):
            _RESET.write_text("5")

    @property
    def now_bytes(self) -> int:
        """What is taken at the moment; 0 where that is not known, which is wherever it is not asked for."""
        return round(FRAGMENTED * torch.cuda.memory_allocated(self._device)) if self._device.type == "cuda" else 0

    @property
    def bytes(self) -> int:
        """Until now."""
        if self._device.type == "cuda":
            return round(FRAGMENTED * torch.cuda.max_memory_allocated(self._device))
        try:
            lines = _STATUS.read_text().splitlines()
            return next(int(line.split()[1]) * 2**10 for line in lines if line.startswith("VmHWM:"))
        except (OSError, StopIteration):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 2**10


def ran_out_of_memory(error: Exception) -> bool:
    """Whether that is what a failure was, and room is made; torch tells of it by RuntimeError, on a CPU by its text."""
    told = isinstance(error, RuntimeError) and any(said in str(error) for said in _TORCH_OUT_OF_MEMORY)
    if not (told or isinstance(error, MemoryError)):
        return False
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return True
