"""Everybody who wants to know what happens in a server, put together."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from render.extras import missing
from server.events import Watch, both
from server.guard_config import MetricsConfig
from server.logs import log_event
from server.metrics import Metrics, metrics_served
from server.places import Places


@dataclass(frozen=True)
class Watching:
    """What the parts of a server are given."""

    watch: Watch
    """For the dispatcher, the desk and `guarded`."""
    metrics_port: int | None
    """Where metrics are served, if they are."""
    outermost: tuple[Any, ...] = ()
    """Interceptors for `guarded`."""


@contextlib.contextmanager
def watching(places: Places, metrics: MetricsConfig | None, traced: bool = False) -> Iterator[Watching]:
    """Logs always, and metrics and traces where they are asked for, as long as this is entered.

    Raises:
        ConfigError: metrics cannot be served there.
        BackendError: OpenTelemetry is not installed.
    """
    watch, port, outermost = log_event, None, ()
    with contextlib.ExitStack() as stack:
        if metrics is not None:
            counted = Metrics(places)
            port = stack.enter_context(metrics_served(metrics, counted.registry))
            watch = both(watch, counted.watch)
        if traced:
            tracing = stack.enter_context(_traces())
            watch, outermost = both(watch, tracing.watch), (tracing,)
        yield Watching(watch, port, outermost)


def _traces() -> contextlib.AbstractContextManager[Any]:
    try:
        from server.tracing import exported
    except ImportError as error:
        raise missing("Traces need", "OpenTelemetry", "tracing") from error
    return exported()
