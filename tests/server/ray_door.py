"""A process that has a Ray cluster of this machine and the service on it, with the engine of `stand_in`.

What Ray leaves open, and warns of, is nothing of the tests'.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

REPLICAS = 2


class RayDoor:
    """Starts it; close it when done."""

    def __init__(self, folder: Path):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        root = Path(__file__).parents[2]
        path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0"},
            cwd=root,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def close(self) -> None:
        """The cluster ends as well."""
        self._process.communicate()


def _serve(folder: str, port: int) -> None:
    import ray

    from server.ray_serve import bound, deployed
    from tests.server.stand_in import stand_in

    answers = os.fdopen(os.dup(1), "w")
    # Ray talks on stdout.
    os.dup2(2, 1)
    ray.init("local", num_cpus=4, include_dashboard=False, object_store_memory=80 * 2**20, log_to_driver=False)
    replicas = bound([folder], stand_in, num_replicas=REPLICAS, ray_actor_options={"num_cpus": 0.1})
    with deployed(replicas, None, port):
        print("ready", file=answers, flush=True)
        sys.stdin.read()
    ray.shutdown()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
