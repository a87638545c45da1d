"""A process that makes samples works on one core: there are about as many of them as there are cores."""

from multiprocessing import parent_process

import cv2
import numba
import torch


def work_on_one_core() -> None:
    """Take one thread for all that has threads of its own; nothing happens in a process that nobody started."""
    if parent_process() is None:
        return
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    cv2.setNumThreads(1)
