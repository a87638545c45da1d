"""What Ray Data does with a row that ends its process: why a batch has plain actors.

python -m bench.ray_data [--seconds 60]
"""

import argparse
import collections
import contextlib
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROWS, DEADLY, BATCH = 40, 13, 4


class Worker:
    """Notes what it was given, and dies of one row."""

    def __init__(self, notes: Path):
        self._notes = notes

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """As `map_batches` calls it."""
        for row in batch["id"]:
            with self._notes.open("a") as file:
                file.write(f"{row}\n")
            if row == DEADLY:
                os._exit(7)
        return batch


def main() -> None:
    """Print how many rows came out, and how often the deadly one was run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    import ray.data

    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        notes.touch()
        rows = ray.data.range(ROWS, override_num_blocks=ROWS // BATCH).map_batches(
            Worker,
            fn_constructor_args=(notes,),
            batch_size=BATCH,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=2),
        )
        since, out = time.monotonic(), list[Any]()
        threading.Thread(target=_take, args=(rows, out), daemon=True).start()
        while len(out) < ROWS and time.monotonic() - since < seconds:
            time.sleep(0.5)
        ran = collections.Counter(notes.read_text().split())
    took, times = time.monotonic() - since, ran[str(DEADLY)]
    print(f"{took:.0f} s: {len(out)} of {ROWS} rows came out; row {DEADLY} ran {times} times.")
    ray.shutdown()


def _take(rows: Any, out: list[Any]) -> None:
    # It has no end of its own, and fails when Ray is ended below it.
    with contextlib.suppress(Exception):
        out.extend(rows.iter_rows())


if __name__ == "__main__":
    main()
