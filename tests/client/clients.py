"""Both clients behind one face, photos to send, an engine that writes whole scenes, and a line that breaks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from recon.reconstruction import Reconstruction
from server.work import Work
from snapsplat import AsyncClient, Client
from tests.recon.small_scene import NAMES, ORIGIN, small_reconstruction
from tests.server.loopback import Painter

Kind = Literal["sync", "aio"]
KINDS: tuple[Kind, ...] = ("sync", "aio")


async def ask(kind: Kind, address: str, method: str, *arguments: Any, trust: Any = None, **options: Any) -> Any:
    """Call one method of one client, made for it."""
    if kind == "aio":
        async with AsyncClient(address, **(trust or {})) as client:
            return await getattr(client, method)(*arguments, **options)

    def call() -> Any:
        with Client(address, **(trust or {})) as client:
            return getattr(client, method)(*arguments, **options)

    return await asyncio.to_thread(call)


def photos_in(folder: Path, side: int = 64) -> list[Path]:
    """Three, of noise, so that they are as large as they can be."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    for name in NAMES:
        cv2.imwrite(str(folder / name), chance.integers(0, 255, (side, side * 3 // 2, 3), np.uint8))
    return [folder / name for name in NAMES]


class SceneWriter(Painter):
    """Writes a whole scene, as the library saves it; `seen` is what was sent."""

    seen: ClassVar[list[Work]] = []

    def paint(self, work: Work) -> None:
        self.seen.append(work)
        saved_scene().save(work.folder)


def saved_scene() -> Reconstruction:
    scene = small_reconstruction()
    scene.report["cameras"] = dict(zip(NAMES, ORIGIN, strict=True))
    return scene


@contextlib.asynccontextmanager
async def breaking_line(port: int, *, up: float = np.inf, down: float = np.inf) -> AsyncIterator[str]:
    """An address that leads to `port`. The first connection is cut after so many bytes one way; later ones hold."""
    first = True

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal first
        limits, first = (up, down) if first else (np.inf, np.inf), False
        reader_on, writer_on = await asyncio.open_connection("127.0.0.1", port)
        ways = (_carry(reader, writer_on, limits[0]), _carry(reader_on, writer, limits[1]))
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for end in (writer, writer_on):
                end.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: float) -> None:
    with contextlib.suppress(ConnectionError):
        while limit > 0 and (data := await reader.read(65536)):
            limit -= len(data)
            writer.write(data)
            await writer.drain()


def is_so(said: Callable[[], bool], seconds: float = 5) -> Any:
    """Wait until it is."""

    async def wait() -> None:
        async with asyncio.timeout(seconds):
            while not said():
                await asyncio.sleep(0.01)

    return wait()
