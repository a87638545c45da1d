"""Progress on stderr: a line for each stage that is done, and on a terminal a sign that work goes on."""

import logging
import os
import time
from pathlib import Path

from rich.console import Console
from rich.status import Status

import render


class StageProgress:
    """Within its `with` block, call it with a stage's name when the stage is done."""

    def __init__(self, doing: str = "reconstructing", compiles: bool = True):
        """`doing` is shown meanwhile; `compiles`: whether the work is done by kernels of this machine."""
        self._compiles = compiles
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._status = Status(doing, console=self._console) if self._console.is_terminal else None
        # Which rasterizer draws is logged by the one who chooses it.
        self._handler = _Printed(self._console)
        self._logger = logging.getLogger("render")
        self._since = 0.0

    def __enter__(self) -> "StageProgress":
        if self._compiles and not _compiled_before():
            self._console.print("The first run compiles its kernels, which takes half a minute; they are kept.")
        self._since = time.perf_counter()
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.INFO)
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
        self._logger.removeHandler(self._handler)

    def say(self, doing: str) -> None:
        """What is shown on a terminal from now on."""
        if self._status is not None:
            self._status.update(doing)

    def __call__(self, stage: str) -> None:
        now = time.perf_counter()
        self._console.print(f"{stage:<10} {now - self._since:7.2f} s")
        self._since = now


def _compiled_before() -> bool:
    """Whether numba has kept kernels beside the code; where it keeps them elsewhere, nobody is bothered."""
    package = Path(render.__file__).parent
    elsewhere = "NUMBA_CACHE_DIR" in os.environ or not os.access(package, os.W_OK)
    return elsewhere or any(package.rglob("*.nbi"))


class _Printed(logging.Handler):
    """Log records as plain lines beside the stages."""

    def __init__(self, console: Console):
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(record.getMessage())
