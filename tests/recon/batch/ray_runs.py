"""Runs on a Ray cluster of two nodes on this machine, with the fake engine, in a process that has the cluster.

So what Ray leaves open, and warns of, is nothing of the tests'.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from recon.batch.config import BatchConfig
from recon.batch.prepare import Wanted
from recon.batch.run import run
from recon.batch.scene_options import RunOptions
from render.errors import BackendError
from tests.recon.batch.fake_engine import MARKS, FakeEngine
from tests.recon.batch.fake_runs import KINDS

WORKERS = 2
STORE_BYTES = 80 * 2**20


class RayRuns:
    """Asks that process for runs; close it when done."""

    def __init__(self, marks: Path):
        environment = {**os.environ, MARKS: str(marks), "XDG_CACHE_HOME": str(marks), "RAY_USAGE_STATS_ENABLED": "0"}
        root = Path(__file__).parents[3]
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=root,
        )
        self.address = self._answer()
        """Of the cluster."""

    def __call__(self, captures: Path, out: Path, **order: Any) -> str:
        """Gives the exit code of a run, or the sentence of a refusal.

        `lose` says what is lost, `worker` or `node`, after how many scenes; `look_seconds` what nodes have to answer.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"captures": str(captures), "out": str(out), **order}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """The cluster ends as well."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _run(order: dict[str, Any], losses: dict[str, Callable[[], object]]) -> str:
    from recon.batch import ray_fleet

    config = BatchConfig(workers=WORKERS, kinds=KINDS, batch_seconds=order.get("batch_seconds", 5.0))
    wanted = Wanted(order["captures"], Path(order["out"]), RunOptions(size=64))
    lost_after = {after: losses[what] for what, after in order.get("lose", {}).items()}

    def ended(_entry: object, tally: Any) -> None:
        lost_after.get(tally.done + tally.failed, lambda: None)()

    kept = ray_fleet.LOOK_SECONDS
    ray_fleet.LOOK_SECONDS = order.get("look_seconds", kept)
    try:
        with ray_fleet.ray_fleet(None, config, FakeEngine) as fleet:
            entries = run(wanted, config, ended, lambda _: None, fleet=fleet)
    except BackendError as refusal:
        return str(refusal)
    finally:
        ray_fleet.LOOK_SECONDS = kept
    return str(int(any(entry.state != "done" for entry in entries)))


def _kill_a_worker() -> None:
    """The first that is found to be an actor's."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[0].startswith("ray::_Hand"):
                process.kill()
                return
    raise AssertionError("There is no worker.")


def _serve() -> None:
    import ray
    from ray.cluster_utils import Cluster

    answers = os.fdopen(os.dup(1), "w")
    # Ray talks on stdout.
    os.dup2(2, 1)
    node = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    second = cluster.add_node(**node)
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    losses = {"worker": _kill_a_worker, "node": lambda: cluster.remove_node(second, False)}
    print(cluster.address, file=answers, flush=True)
    for line in sys.stdin:
        print(_run(json.loads(line), losses), file=answers, flush=True)
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    _serve()
