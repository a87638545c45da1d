"""As many threads as a container has cores: neither torch nor numba asks."""

import os

LIMITED = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""What torch, OpenBLAS and numba read when they are imported, here and in processes that this one starts."""


def keep_to_granted_cores() -> None:
    """Where a container's share of CPU time (`docker run --cpus 4`, Kubernetes' limits) is less than the machine's
    cores, say so to those who count cores themselves. Whoever has set a number keeps it.

    To be called before torch and numba are imported.
    """
    import cv2  # Here, so that nothing is imported where only this module is.

    granted, seen = cv2.getNumberOfCPUs(), os.cpu_count() or 1
    if granted < seen:
        for name in LIMITED:
            os.environ.setdefault(name, str(granted))
