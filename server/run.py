"""One request on its way, and who listens: the events until now, and those to come."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from server.outlook import AT_ONCE, Outlook
from server.pb import result_pb2
from server.places import Place
from server.request import Request

Send = Callable[[result_pb2.ResultEvent], Awaitable[None]]
"""Sends one event to one client, as soon as that takes it."""

LOOK_AGAIN_SECONDS = 1.0
"""How old what a client knows of its place in the queue may be."""


@dataclass(eq=False)
class Run:
    """From the moment in which all files are there; it goes on whether or not anybody listens."""

    request: Request
    place: Place
    """That its job has."""
    outlook: Callable[[], Outlook | None]
    """Where it stands; None once it does not wait."""
    error: Exception | None = None
    done: bool = False
    """Its result is kept, or `error` says why there is none."""
    _told: list[result_pb2.ResultEvent] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: result_pb2.ResultEvent) -> None:
        """To all that listen, and to those that come later."""
        self._told.append(event)
        self._wake()

    def end(self, error: Exception | None) -> None:
        """There is nothing more to tell."""
        self.error, self.done = error, True
        # Who asks why it failed needs no photos, and both of these have them at hand.
        self.outlook = _nowhere
        _forget_where(error)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self, send: Send) -> None:
        """Everything that is told, from the beginning; returns when the result is kept.

        Raises:
            Exception: what `error` says.
        """
        # Who does not wait is told nothing of waiting.
        sent, last = 0, AT_ONCE
        while True:
            outlook = self.outlook()
            if outlook is not None and outlook != last:
                last = outlook
                queued = result_pb2.Queued(position=outlook.position, expected_wait_seconds=outlook.wait_seconds)
                await send(result_pb2.ResultEvent(queued=queued))
            while sent < len(self._told):
                sent += 1
                await send(self._told[sent - 1])
            if self.done:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await self._changed.wait()
        if self.error is not None:
            # Otherwise each that asks would leave its own frames with it.
            raise self.error.with_traceback(None)


def _nowhere() -> None:
    return None


def _forget_where(error: BaseException | None) -> None:
    """Of an error and what it came of: a traceback keeps all that its functions had."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
