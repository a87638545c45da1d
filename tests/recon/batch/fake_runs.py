"""Runs with the fake engine, each a process that can be killed: `Runs` starts the server of this file and asks it.

The server has everything loaded, and forks: a run begins at once. It has no threads, so that it may.
"""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import recon.outputs
from recon.batch.config import BatchConfig
from recon.batch.ledger import Entry, Ledger
from recon.batch.prepare import Wanted
from recon.batch.run import run
from recon.batch.scene_options import RunOptions
from recon.batch.share import Share
from render.errors import OutputError
from tests.recon.batch.fake_engine import MARKS, FakeEngine

KINDS = ("scene.ply", "cameras.json", "depth", "report.json")
"""Without the preview, which takes longest."""


class Runs:
    """Asks a server for runs; close it when done."""

    def __init__(self, marks: Path):
        environment = {**os.environ, MARKS: str(marks), "XDG_CACHE_HOME": str(marks)}
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[3],
        )

    def __call__(self, captures: Path, out: Path, kill: tuple[int, float] | None = None, **options: Any) -> int:
        """Gives the exit code of a run, negative for a signal.

        `kill` kills it so many seconds after so many scenes have ended; after -1, it has not even begun.
        """
        order = {"captures": str(captures), "out": str(out), "kill": kill, **options}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """All its runs have ended."""
        self._server.communicate()


def entries_of(out: Path, share: Share | None = None) -> dict[str, Entry]:
    """What the ledger says."""
    ledger = Ledger((share or Share()).ledger(out))
    try:
        return ledger.entries()
    finally:
        ledger.close()


def files_of(out: Path) -> dict[str, bytes]:
    """Path in OUT -> content of all that scenes have, reports without what a clock or a memory says."""
    found = {}
    for file in sorted(out.rglob("*")):
        name = file.relative_to(out)
        if file.is_file() and len(name.parts) > 1:
            found[str(name)] = _untimed(file.read_bytes()) if name.name == "report.json" else file.read_bytes()
    return found


def _untimed(content: bytes) -> bytes:
    report = json.loads(content)
    return json.dumps({key: value for key, value in report.items() if key not in ("seconds", "stages")}).encode()


def _run(order: dict[str, Any], tell: int) -> int:
    """A byte for the beginning and for each scene that has ended goes to the descriptor `tell`."""
    options = RunOptions(size=64, seed=order.get("seed"))
    wanted = Wanted(
        order["captures"],
        Path(order["out"]),
        options,
        Share.parse(order.get("shard", "0/1")),
        tuple(order.get("only", ())),
        order.get("retry_failed", False),
    )
    chosen = {
        name: order[name] for name in ("workers", "batch_seconds", "hang_seconds", "hang_factor") if name in order
    }
    config = BatchConfig(**{"workers": 1, "kinds": KINDS, "batch_seconds": 5.0, **chosen})

    def told(*_: object) -> None:
        os.write(tell, b".")

    if "full" in order:
        recon.outputs.write_ply = full_disk(order["full"], recon.outputs.write_ply)
    try:
        entries = run(wanted, config, told, told, FakeEngine, Forked())  # type: ignore[arg-type]
    except OutputError as error:
        print(error, file=sys.stderr)  # noqa: T201 - for who looks
        return 6
    return int(any(entry.state != "done" for entry in entries))


def full_disk(word: str, write: Callable[..., None]) -> Callable[..., None]:
    """Writes as `write`, but that there is no room for files whose path has `word` in it."""

    def write_until_full(path: Path, *content: Any) -> None:
        if word in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, *content)

    return write_until_full


class Forked:
    """Starts workers fast. A forked one would hold its runner's end of the pipe, and never hear that it is gone."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("fork")
        self._near_ends: list[Any] = []

    def Pipe(self) -> tuple[Any, Any]:
        near, far = self._context.Pipe()
        self._near_ends.append(near)
        return near, far

    def Process(self, target: Any, args: tuple[Any, ...], daemon: bool) -> Any:
        return self._context.Process(target=self._work, args=(target, args), daemon=daemon)

    def _work(self, target: Any, args: tuple[Any, ...]) -> None:
        for near in self._near_ends:
            near.close()
        target(*args)


def _serve() -> None:
    # Composing a configuration takes longest of what a run begins with, and is kept.
    RunOptions(size=64).scene()
    for line in sys.stdin:
        order = json.loads(line)
        hear, tell = os.pipe()
        child = os.fork()
        if child == 0:
            # Its own, so that a traceback is seen and nothing is read that is the server's.
            os.close(0)
            os.dup2(2, 1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sys.exit(_run(order, tell))
        os.close(tell)
        if order["kill"] is not None:
            scenes, seconds = order["kill"]
            for _ in range(scenes + 1):
                os.read(hear, 1)
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        # Its workers hold the other end as well, and, since they were forked, the lock of the ledger: let them end.
        while os.read(hear, 100):
            pass
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer
        os.close(hear)


if __name__ == "__main__":
    _serve()
