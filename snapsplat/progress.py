"""Progress on stderr: a line for each stage that is done, and on a terminal a sign that work goes on."""

import logging
import time

from rich.console import Console
from rich.logging import RichHandler
from rich.status import Status


class StageProgress:
    """Within its `with` block, call it with a stage's name when the stage is done."""

    def __init__(self):
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._status = Status("reconstructing", console=self._console) if self._console.is_terminal else None
        # Which rasterizer draws is logged by the one who chooses it.
        self._handler = RichHandler(console=self._console, show_time=False, show_level=False, show_path=False)
        self._logger = logging.getLogger("render")
        self._since = 0.0

    def __enter__(self) -> "StageProgress":
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

    def __call__(self, stage: str) -> None:
        now = time.perf_counter()
        self._console.print(f"{stage:<10} {now - self._since:7.2f} s")
        self._since = now
