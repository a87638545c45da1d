"""Metrics for Prometheus, on a port of their own. docs/operations.md says what each is good for."""

import contextlib
from collections.abc import Iterator

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from render.errors import ConfigError
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
from server.guard_config import MetricsConfig
from server.places import Places

SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
JOBS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Metrics:
    """Counts what happens."""

    def __init__(self, places: Places):
        """`places` are looked at whenever somebody asks."""
        self.registry = CollectorRegistry()
        self._count_calls()
        self._count_requests()
        self._count_batches()
        self._look_at(places)
        ProcessCollector(registry=self.registry)

    def _count_calls(self) -> None:
        self._calls = self._counter("calls", "Calls that ended, by method and status code.", "method", "code")
        help_text = "Calls that go on, by method: those of GetResult and Render are downloads."
        self._going_on = Gauge("snapsplat_calls_in_progress", help_text, ("method",), registry=self.registry)
        self._call_seconds = self._histogram("call_seconds", "Of a call, transfers included.", SECONDS, "method")
        self._refusals = self._counter("refusals", "Calls that ended with a reason of docs/protocol.md.", "reason")
        self._received = self._counter("received_bytes", "Bytes of messages received in calls that ended.")
        self._sent = self._counter("sent_bytes", "Bytes of messages sent in calls that ended.")

    def _count_requests(self) -> None:
        self._accepted = self._counter("accepted", "Requests of which all files were there.")
        self._photos = self._counter("photos", "Photos of accepted requests.")
        self._ended = self._counter("ended", "Accepted requests that ended, by reason; OK went well.", "reason")
        self._seconds = self._histogram("request_seconds", "From accepted to ended.", SECONDS)
        self._stages = self._histogram("stage_seconds", "Of one stage of a request that went well.", SECONDS, "stage")

    def _count_batches(self) -> None:
        self._waiting = Gauge("snapsplat_queue_waiting", "Requests that no engine has.", registry=self.registry)
        self._waited = self._histogram("queue_wait_seconds", "Waiting of a request whose batch begins.", SECONDS)
        self._batch_jobs = self._histogram("batch_jobs", "Requests of a batch.", JOBS)
        self._batch_cost = self._histogram("batch_cost_seconds", "Of a batch, as forecast.", SECONDS)
        self._batch_seconds = self._histogram("batch_seconds", "That a batch was with its engine.", SECONDS)
        self._failures = self._counter("batch_failures", "Batches that failed, by class of error.", "error")
        self._out_of_memory = self._counter("out_of_memory", "Batches for which the device's memory did not do.")
        self._replaced = self._counter("workers_replaced", "Workers that failed and were replaced.")
        self._draining = Gauge("snapsplat_draining", "1 once nothing new is taken.", registry=self.registry)

    def _look_at(self, places: Places) -> None:
        for name, help_text, look in (
            ("places", "Places taken: requests received, waiting or running.", lambda: len(places)),
            ("places_max", "Places there are.", lambda: places.max_jobs),
            ("held_bytes", "Bytes of the requests that have a place.", lambda: places.held_bytes),
            ("held_bytes_max", "Bytes that they may have.", lambda: places.max_bytes),
            ("workers_memory_bytes", "Resident memory of the server's own processes but the first.", _workers_bytes),
        ):
            Gauge(f"snapsplat_{name}", help_text, registry=self.registry).set_function(look)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"snapsplat_{name}", help_text, labels, registry=self.registry)

    def _histogram(self, name: str, help_text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"snapsplat_{name}", help_text, labels, buckets=buckets, registry=self.registry)

    def watch(self, event: Event) -> None:
        """A `Watch`."""
        match event:
            case Accepted():
                self._accepted.inc()
                self._photos.inc(event.photos)
            case CallBegan():
                self._going_on.labels(event.method).inc()
            case CallEnded():
                self._note_call(event)
            case QueueChanged():
                self._waiting.set(event.waiting)
            case BatchBegan():
                self._batch_jobs.observe(len(event.jobs))
                self._batch_cost.observe(event.cost_seconds)
                for seconds in event.waited_seconds:
                    self._waited.observe(seconds)
            case BatchEnded():
                self._note_batch(event)
            case JobEnded():
                self._ended.labels(event.reason).inc()
                self._seconds.observe(event.seconds)
                for stage, seconds in event.stages.items():
                    self._stages.labels(stage).observe(seconds)
            case WorkerReplaced():
                self._replaced.inc()
            case Draining():
                self._draining.set(1)

    def _note_call(self, call: CallEnded) -> None:
        self._calls.labels(call.method, call.code).inc()
        self._going_on.labels(call.method).dec()
        self._call_seconds.labels(call.method).observe(call.seconds)
        self._received.inc(call.received_bytes)
        self._sent.inc(call.sent_bytes)
        if call.reason:
            self._refusals.labels(call.reason).inc()

    def _note_batch(self, batch: BatchEnded) -> None:
        self._batch_seconds.observe(batch.seconds)
        if batch.failure:
            self._failures.labels(batch.failure).inc()
        if batch.failure == "OutOfMemoryError":
            self._out_of_memory.inc()


@contextlib.contextmanager
def metrics_served(config: MetricsConfig, registry: CollectorRegistry) -> Iterator[int]:
    """`http://HOST:PORT/metrics`, from a thread of its own; gives the port.

    Raises:
        ConfigError: nobody can listen there.
    """
    try:
        server, thread = start_http_server(config.port, config.host, registry)
    except OSError as error:
        address = f"{config.host}:{config.port}"
        raise ConfigError(f"metrics are to be at {address!r}, where no server can listen ({error}).") from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _workers_bytes() -> int:
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total
