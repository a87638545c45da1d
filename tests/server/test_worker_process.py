"""A worker's process at moments that are none of the usual."""

import asyncio
import contextlib
import threading
import time
from pathlib import Path

import psutil

from render.files.cameras_json import CamerasFile
from server.config import EngineConfig
from server.messages import BatchOrder, Message, SceneOrder
from server.worker_process import END_SECONDS, WorkerProcess


def nobody(_message: Message | None) -> None:
    pass


def test_one_that_was_never_started_is_ended():
    async def body() -> None:
        process = WorkerProcess(EngineConfig(), "cpu", nobody)
        await process.end()
        assert process.process_id is None

    asyncio.run(body())


def test_one_that_does_not_listen_holds_up_nobody():
    # More than the line to it holds.
    names = tuple(f"{i}.jpg" for i in range(200_000))
    scene = SceneOrder("a", names, (), Path(), Path(), CamerasFile("relative", {}), 64, ())

    async def body() -> None:
        process = WorkerProcess(EngineConfig(), "cpu", nobody)
        saying = threading.Thread(target=process.say, args=[BatchOrder(0, "small", 0, (scene,))], daemon=True)
        saying.start()
        saying.join(20)
        assert not saying.is_alive()
        await process.end()

    asyncio.run(body())


def test_one_that_is_being_started_is_ended_at_once():
    async def body() -> None:
        process = WorkerProcess(EngineConfig(), "cpu", nobody)
        starting = asyncio.create_task(process.start())
        await asyncio.sleep(0)
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        since = time.monotonic()
        await process.end()
        assert time.monotonic() - since < END_SECONDS
        assert process.process_id is None or not psutil.pid_exists(process.process_id)

    asyncio.run(body())
