"""Log lines as JSON, one an event, each with the request and the caller that it is about.

Lines of other modules and libraries, which use `logging`, come out the same way. Neither payloads nor tokens are
logged; whatever looks like a token is blotted out all the same, wherever in a line it stands.
"""

import dataclasses
import logging
from io import TextIOBase
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from server.caller import caller, request_id
from server.events import (
    Accepted,
    BatchBegan,
    BatchEnded,
    CallBegan,
    CallEnded,
    Draining,
    Event,
    JobEnded,
    QueueChanged,
    WorkerReplaced,
)
from server.tokens import PREFIX, TOKEN

NAMES: dict[type[Event], str] = {
    Accepted: "accepted",
    CallEnded: "refused",
    BatchBegan: "batch began",
    BatchEnded: "batch ended",
    JobEnded: "request ended",
    WorkerReplaced: "worker replaced",
    Draining: "draining",
}
"""What a line's `event` says; of a call that went well, its request says enough."""


def configure_logs(stream: TextIOBase | None = None) -> None:
    """From now on, every line of this process goes to `stream`, or stderr. Each process does this for itself."""
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _about,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(default=str),
                _blotted,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)


def log_event(event: Event) -> None:
    """A `Watch` that makes a line of what is worth one."""
    if isinstance(event, QueueChanged | CallBegan) or (isinstance(event, CallEnded) and event.code == "OK"):
        return
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    failed = isinstance(event, BatchEnded) and event.failure
    structlog.stdlib.get_logger("server").log(logging.WARNING if failed else logging.INFO, NAMES[type(event)], **fields)


def _about(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Whose call it is, and about which request, where there is one."""
    known = {"request_id": request_id.get(), "principal": caller.get().principal}
    return {**line, **{name: value for name, value in known.items() if value}}


def _blotted(_logger: Any, _method: str, line: Any) -> str:
    return TOKEN.sub(f"{PREFIX}...", line)
