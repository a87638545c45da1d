"""The log file of a run: a line for each scene that ended, and what went wrong beside them."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from recon.batch.ledger import Entry
from recon.output_folder import refused

log = logging.getLogger("recon.batch")


class _LogFile(logging.FileHandler):
    """What cannot be written is left out."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Instead of a traceback on the terminal."""


@contextlib.contextmanager
def logged_to(file: Path) -> Iterator[None]:
    """What `recon.batch` logs is appended to `file`.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        handler = _LogFile(file, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise refused(file, error) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(before)
        log.removeHandler(handler)
        # A log that a full disk cut short: what that means for the run is said elsewhere.
        with contextlib.suppress(OSError):
            handler.close()


def log_ended(entry: Entry) -> None:
    """A scene has ended."""
    if entry.state == "done":
        log.info("%s: %s, quality %s, %.1f s", entry.id, entry.verdict, entry.quality, entry.seconds or 0.0)
    else:
        log.warning("%s: %s", entry.id, entry.error)
