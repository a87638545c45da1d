"""`snapsplat serve --ray` as a process, on a cluster of its own, with two replicas that have the engine of `stand_in`.

What Ray leaves open, and warns of, is nothing of the tests'.
"""

import functools
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil

REPLICAS = 2
STORE_BYTES = 80 * 2**20


class RayDoor:
    """Starts it; close it when done."""

    def __init__(self, folder: Path):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        root = Path(__file__).parents[2]
        path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        replicas = [f"ray.{bound}_replicas={REPLICAS}" for bound in ("min", "max")]
        # A relative path is one of the command's, wherever replicas begin.
        options = ["--insecure", "--listen", self.address, f"folder={folder.name}", "ray.cpus=0.1", *replicas]
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, "serve", "--ray", "local", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": path, "RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES": str(STORE_BYTES)},
                cwd=folder.parent,
            )
        self._hear("Listening on port ")

    def stop(self) -> None:
        """It is told to, and says so."""
        self._process.send_signal(signal.SIGTERM)
        self._hear("Stopping: ")

    def ended(self) -> tuple[int, list[psutil.Process]]:
        """Exit code, and which of its cluster's processes are left."""
        cluster = psutil.Process(self._process.pid).children(recursive=True)
        code = self._process.wait()
        return code, psutil.wait_procs(cluster, timeout=20)[1]

    def close(self) -> None:
        """The cluster ends as well."""
        if self._process.poll() is None:
            self.stop()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _hear(self, beginning: str) -> None:
        """Ray, too, talks on stdout."""
        assert self._process.stdout is not None
        if not any(line.startswith(beginning) for line in self._process.stdout):
            raise AssertionError(self._log.read_text())


def _command() -> None:
    from server import ray_serve
    from snapsplat.cli import main
    from tests.server.stand_in import painting_replica

    ray_serve.bound = functools.partial(ray_serve.bound, start=painting_replica)
    main()


if __name__ == "__main__":
    _command()
