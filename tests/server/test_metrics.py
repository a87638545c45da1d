"""What happens is counted, and served on a port of its own."""

import asyncio
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from render.errors import ConfigError
from server.batcher import Batcher
from server.config import BatcherConfig
from server.dispatcher import Dispatcher
from server.events import BatchEnded, Draining, JobEnded, WorkerReplaced
from server.guard_config import MetricsConfig, SecurityConfig
from server.metrics import Metrics, metrics_served
from server.places import Places
from tests.server.fakes import GB, FakeEngine, FakeForecast, Submitter, run_in_fake_time
from tests.server.guarded import Guarded, guard
from tests.server.loopback import refused, told


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"snapsplat_{name}", labels)


def test_calls_are_counted_by_how_they_ended(tmp_path: Path):
    metrics = Metrics(Places(5, 100))

    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as client:
            await told(client.send())
            await refused(client.get("x"))
            await refused(client.get(""))

    guard(tmp_path, body, SecurityConfig(), watch=metrics.watch)
    assert sample(metrics, "calls_total", method="Reconstruct", code="OK") == 1
    assert sample(metrics, "calls_total", method="GetResult", code="NOT_FOUND") == 1
    assert sample(metrics, "refusals_total", reason="REQUEST_UNKNOWN") == 1
    assert sample(metrics, "refusals_total", reason="REQUEST_INVALID") == 1
    assert sample(metrics, "accepted_total") == sample(metrics, "ended_total", reason="OK") == 1
    assert sample(metrics, "photos_total") == 2
    assert sample(metrics, "batch_jobs_sum") == sample(metrics, "queue_wait_seconds_count") == 1
    assert 0 < (sample(metrics, "received_bytes_total") or 0) < 1000
    assert (sample(metrics, "sent_bytes_total") or 0) > 2_000_000
    assert sample(metrics, "queue_waiting") == 0


def test_calls_that_go_on_are_counted(tmp_path: Path):
    metrics = Metrics(Places(5, 100))

    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as client:
            guarded.engine.gate.clear()
            sent = asyncio.create_task(told(client.send()))
            await client.running()
            fetched = asyncio.create_task(told(client.get()))
            while sample(metrics, "calls_in_progress", method="GetResult") != 1:
                await asyncio.sleep(0.01)
            assert sample(metrics, "calls_in_progress", method="Reconstruct") == 1
            guarded.engine.gate.set()
            await asyncio.gather(sent, fetched)

    guard(tmp_path, body, SecurityConfig(), watch=metrics.watch)
    assert sample(metrics, "calls_in_progress", method="GetResult") == 0


def counted(engine: FakeEngine, *payloads: str) -> Metrics:
    """What is counted of three jobs that come at once."""
    metrics = Metrics(Places(64, 2**31))

    async def main(clock: Callable[[], float]) -> None:
        batcher = Batcher(BatcherConfig(100 * GB, batch_seconds=1.5), FakeForecast(), [engine], clock)
        dispatcher = Dispatcher(batcher, clock, metrics.watch)
        submit = Submitter(batcher, dispatcher.submit)
        for payload in payloads:
            submit(payload=payload)
        serving = asyncio.create_task(dispatcher.serve())
        while len(batcher.places):
            await asyncio.sleep(1)
        # A worker that is to be replaced.
        await asyncio.sleep(60)
        serving.cancel()
        await asyncio.wait([serving])

    run_in_fake_time(main)
    assert sample(metrics, "batch_cost_seconds_count") == sample(metrics, "batch_seconds_count")
    assert sample(metrics, "queue_waiting") == 0
    return metrics


def test_memory_that_did_not_do_is_counted():
    metrics = counted(FakeEngine(memory_bytes=6 * GB), "fine", "fine", "fine")
    assert sample(metrics, "out_of_memory_total") == 1
    assert sample(metrics, "batch_failures_total", error="OutOfMemoryError") == 1
    assert sample(metrics, "workers_replaced_total") == 0
    # Three jobs in one batch, and again each alone.
    assert sample(metrics, "batch_jobs_sum") == 6
    assert sample(metrics, "batch_jobs_bucket", le="1.0") == 3
    assert (sample(metrics, "queue_wait_seconds_sum") or 0) > 0


def test_workers_that_die_are_counted():
    metrics = counted(FakeEngine(), "fine", "fine", "poison")
    assert sample(metrics, "out_of_memory_total") == 0
    assert sample(metrics, "batch_failures_total", error="RuntimeError") == 2
    assert sample(metrics, "workers_replaced_total") == 2


def test_each_event_has_its_metric():
    places = Places(5, 100)
    metrics = Metrics(places)
    place = places.take(30)
    for event in (
        BatchEnded(("a",), 2.0, "OutOfMemoryError"),
        JobEnded("OK", 3.0, {"depth": 1.5}),
        WorkerReplaced(),
        Draining(1),
    ):
        metrics.watch(event)
    assert sample(metrics, "out_of_memory_total") == sample(metrics, "workers_replaced_total") == 1
    assert sample(metrics, "stage_seconds_sum", stage="depth") == 1.5
    assert sample(metrics, "draining") == sample(metrics, "places") == 1
    assert (sample(metrics, "held_bytes"), sample(metrics, "held_bytes_max")) == (30, 100)
    place.release()
    assert sample(metrics, "places") == 0
    assert sample(metrics, "workers_memory_bytes") is not None
    assert (metrics.registry.get_sample_value("process_resident_memory_bytes") or 0) > 0


def test_they_are_served_as_long_as_they_should():
    metrics = Metrics(Places(5, 100))
    with metrics_served(MetricsConfig(port=0), metrics.registry) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            names = {family.name for family in text_string_to_metric_families(answer.read().decode())}
        assert {"snapsplat_queue_waiting", "snapsplat_places"} <= names
        with (
            pytest.raises(ConfigError, match=f"metrics are to be at '127.0.0.1:{port}', where no server can listen"),
            metrics_served(MetricsConfig(port=port), metrics.registry),
        ):
            pass
    with metrics_served(MetricsConfig(port=port), metrics.registry) as again:
        assert again == port
