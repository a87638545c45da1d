"""What is known of a request by its id, while it runs and after: over the wire, with an engine that only pretends."""

import asyncio
import gc
import logging
from pathlib import Path

import pytest

from bench.simulated import GB, Cost, Simulated, reply_of, service
from server.config import BatcherConfig
from server.desk import Desk
from server.upload import ReceivedImage

PHOTOS = [b"one photo", b"another photo"]
CONFIG = BatcherConfig(100 * GB)


async def until(true) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)


def test_who_waited_is_told_how_long(tmp_path: Path):
    async def main() -> None:
        engine = Simulated(Cost(0.001, 0.001), slots=1)
        async with service(tmp_path, [engine], CONFIG) as running:
            engine.gate.clear()
            first = asyncio.create_task(reply_of(running.send(PHOTOS, request_id="first")))
            await until(lambda: engine.ran)
            second = asyncio.create_task(reply_of(running.send(PHOTOS, request_id="second")))
            await until(lambda: len(running.desk) == 2)
            await asyncio.sleep(0.1)
            engine.gate.set()
            summaries = [reply.summary for reply in await asyncio.gather(first, second)]
            assert summaries[0] is not None
            assert summaries[0].queued_seconds < 0.1 < summaries[0].seconds
            assert summaries[1] is not None
            assert 0.1 <= summaries[1].queued_seconds < summaries[1].seconds

    asyncio.run(main())


def test_a_request_goes_on_for_the_last_who_wants_it(tmp_path: Path):
    async def main() -> None:
        engine = Simulated(Cost(0.001, 0.001))
        async with service(tmp_path, [engine], CONFIG) as running:
            await reply_of(running.send(PHOTOS, request_id="first"))
            engine.gate.clear()
            calls = [running.send(PHOTOS, request_id=name, seconds=1) for name in "abc"]
            hasty = [asyncio.create_task(reply_of(call)) for call in calls]
            await until(lambda: len(running.desk) == 3)
            joined = asyncio.create_task(reply_of(await running.announce(PHOTOS, request_id="a")))
            got = asyncio.create_task(reply_of(running.get("b")))
            assert {reply.code for reply in await asyncio.gather(*hasty)} == {"DEADLINE_EXCEEDED"}
            await until(lambda: len(running.desk) == 2)
            engine.gate.set()
            assert [reply.code for reply in await asyncio.gather(joined, got)] == ["OK", "OK"]
            assert (await reply_of(running.get("c"))).reason == "DEADLINE_PASSED"

    asyncio.run(main())


def _photos_in_memory() -> int:
    return sum(type(each) is ReceivedImage for each in gc.get_objects())


@pytest.mark.parametrize("fault", [b"no scene: ", b"die: "])
def test_of_a_request_that_failed_only_the_error_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: bytes):
    # pytest keeps what is logged, tracebacks included.
    monkeypatch.setattr(logging.getLogger("server.dispatcher"), "disabled", True)

    async def main() -> None:
        async with service(tmp_path, [Simulated(Cost(0.001, 0.001))], CONFIG) as running:
            gc.collect()
            photos = _photos_in_memory()
            first = await reply_of(running.send([fault + bytes(1000)], request_id="a"))
            await until(lambda: not len(running.batcher.places))
            held = len(gc.get_objects())
            for _ in range(50):
                assert (await reply_of(running.get("a"))).blame == first.blame
            gc.collect()
            assert _photos_in_memory() <= photos
            assert len(gc.get_objects()) < held + 500

    asyncio.run(main())


def test_a_mistake_is_logged_where_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def mistaken(*_: object) -> None:
        raise LookupError("a mistake")

    async def main() -> None:
        async with service(tmp_path, [Simulated(Cost(0.001, 0.001))], CONFIG) as running:
            assert (await reply_of(running.send(PHOTOS))).reason == "UNEXPECTED"

    monkeypatch.setattr(Desk, "_keep", mistaken)
    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert "in mistaken" in caplog.text
