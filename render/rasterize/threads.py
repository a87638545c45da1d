"""All cores for numba kernels that release the interpreter's lock.

numba's own parallel loops abort the process when two threads enter them at once, which a server does; these
don't.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import torch

BLOCKS_PER_THREAD = 8
"""Work is cut finer than there are threads, since some parts of a picture take longer than others."""


def run_blocks(kernel: Callable[..., Any], count: int, *arguments: Any) -> None:
    """Call kernel(start, stop, *arguments) on ranges that make up [0, count), on `torch.get_num_threads()`
    threads.

    The ranges must be independent: which one runs first is not fixed.
    """
    threads = torch.get_num_threads()
    if threads == 1 or count < 2:
        kernel(0, count, *arguments)
        return
    blocks = min(count, threads * BLOCKS_PER_THREAD)
    bounds = [count * i // blocks for i in range(blocks + 1)]
    futures = [_pool(threads).submit(kernel, start, stop, *arguments) for start, stop in pairwise(bounds)]
    for future in futures:
        future.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="rasterize")


# A forked child has none of its parent's threads and would wait for them for ever.
os.register_at_fork(after_in_child=_pool.cache_clear)
