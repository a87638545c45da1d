"""A worker's process, seen from the server's event loop."""

import asyncio
import atexit
import contextlib
import multiprocessing
import queue
import threading
from collections.abc import Callable

from server.config import EngineConfig
from server.errors import EngineError
from server.messages import HangUp, Message, Ready, Refused, receive, send
from server.worker import work

END_SECONDS = 5.0
"""A worker that has been told to go, or has fallen silent, has so long."""


class WorkerProcess:
    """Started once; when it is dead, it stays so."""

    def __init__(self, config: EngineConfig, device: str, hear: Callable[[Message | None], None]):
        """`hear` is called on the event loop with what the worker says; with None, last, when it has died of itself."""
        self.dead = False
        self._hear = hear
        self._ending = False
        self._to_say: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._speaking = threading.Thread(target=self._speak, daemon=True)
        self._starting: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._first: asyncio.Future[Message | None] = self._loop.create_future()
        context = multiprocessing.get_context("spawn")
        self._connection, self._far_end = context.Pipe()
        # Where the server is killed, it hears that nobody is at the other end. No daemon: these may have no processes
        # of their own, see `server.solvers`.
        self._process = context.Process(target=work, args=(self._far_end, config, device))
        self._within_seconds = config.start_seconds

    async def start(self) -> Ready:
        """Come back when it is ready to work.

        Raises:
            SnapsplatError: it says why it cannot work, or says nothing for too long, or died.
        """
        self._starting = asyncio.create_task(asyncio.to_thread(self._start))
        await asyncio.shield(self._starting)
        # The worker's own; held here too, its end would never be noticed.
        self._far_end.close()
        threading.Thread(target=self._listen, daemon=True).start()
        self._speaking.start()
        try:
            async with asyncio.timeout(self._within_seconds):
                first = await self._first
        except TimeoutError as error:
            await self.end()
            raise EngineError(f"The worker was not ready after {self._within_seconds:g} seconds.") from error
        if isinstance(first, Refused):
            await self.end()
            raise first.error
        if not isinstance(first, Ready) or self.dead:
            raise EngineError(f"The worker died when it was to be ready (exit code {await self.exit_code()}).")
        return first

    async def exit_code(self) -> int | None:
        """Of the process, if it ends soon; negative for a signal."""
        await asyncio.to_thread(self._process.join, END_SECONDS)
        return self._process.exitcode

    @property
    def process_id(self) -> int | None:
        """Of the process, once it was started."""
        return self._process.pid

    def say(self, message: Message) -> None:
        """Send it, after what was said before; a worker that does not listen holds up nobody."""
        self._to_say.put(message)

    async def end(self) -> None:
        """Hang up, on which it ends, or else is ended; comes back when it has."""
        self._ending = True
        # A start that was cancelled goes on in its thread, and what it makes is to be ended.
        if self._starting is not None:
            await asyncio.wait({self._starting})
        if self._process.pid is None:
            self._close()
            return
        self.say(HangUp())
        if self._first.done() and not self._first.cancelled():
            await asyncio.to_thread(self._process.join, END_SECONDS)
        # One that is not ready has nothing to end, and does not listen yet.
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join)
        # What it was being told fails now, and the line is free to be closed.
        if self._speaking.is_alive():
            await asyncio.to_thread(self._speaking.join)
        self._close()

    def _start(self) -> None:
        self._process.start()
        # A server that ends in a hurry may leave it; Python would then send SIGTERM, which it ignores, and wait.
        atexit.register(self._process.kill)

    def _close(self) -> None:
        atexit.unregister(self._process.kill)
        self._far_end.close()
        self._connection.close()

    def _speak(self) -> None:
        message: Message | None = None
        # Of one that has died, `_listen` hears.
        with contextlib.suppress(OSError):
            while not isinstance(message, HangUp):
                message = self._to_say.get()
                send(self._connection, message)

    def _listen(self) -> None:
        message: Message | None = Refused(EngineError("It said nothing."))
        while message is not None:
            try:
                message = receive(self._connection)
            except (EOFError, OSError):
                message = None
            try:
                self._loop.call_soon_threadsafe(self._heard, message)
            except RuntimeError:
                # The server has ended, and its event loop with it.
                return

    def _heard(self, message: Message | None) -> None:
        self.dead |= message is None
        if not self._first.done():
            self._first.set_result(message)
        elif not self._ending:
            self._hear(message)
