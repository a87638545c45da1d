"""A client finds in its own trace what the server did."""

import sys
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from render.errors import BackendError
from server.events import JobEnded
from server.guard_config import MetricsConfig, SecurityConfig
from server.pb import service_pb2
from server.places import Places
from server.tracing import Tracing
from server.watching import watching
from tests.server.guarded import Guarded, guard
from tests.server.loopback import refused, told

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Tracing(provider)


def test_spans_are_in_the_clients_trace(tmp_path: Path, spans: InMemorySpanExporter, tracing: Tracing):
    async def body(guarded: Guarded) -> None:
        async with guarded.plain() as client:
            await told(client.send())
            call = client.stub.GetResult(
                service_pb2.GetResultRequest(request_id="x"),
                metadata=(("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),),
            )
            await refused(call)

    guard(tmp_path, body, SecurityConfig(), watch=tracing.watch, outermost=(tracing,))
    found = {span.name.rpartition("/")[2]: span for span in spans.get_finished_spans()}
    assert found.keys() == {"Reconstruct", "request", "queued", "GetResult"}
    call, request, queued, other = (found[name] for name in ("Reconstruct", "request", "queued", "GetResult"))
    assert other.context is not None
    assert call.context is not None
    assert f"{other.context.trace_id:032x}" == TRACE
    assert other.status.description == "REQUEST_UNKNOWN"
    assert call.context.trace_id != other.context.trace_id
    assert (request.parent, queued.parent) == (call.context, request.context)
    assert request.attributes is not None
    assert request.attributes["snapsplat.request_id"] == "a"


def test_stages_follow_each_other(spans: InMemorySpanExporter, tracing: Tracing):
    tracing.watch(JobEnded("OK", 10.0, {"photos": 1.0, "depth": 5.0}))
    found = {span.name: span for span in spans.get_finished_spans()}
    lasted = {name: (span.end_time or 0) - (span.start_time or 0) for name, span in found.items()}
    assert lasted == {"queued": 4 * 10**9, "photos": 10**9, "depth": 5 * 10**9, "request": 10 * 10**9}
    assert found["queued"].end_time == found["photos"].start_time
    assert found["photos"].end_time == found["depth"].start_time
    assert found["depth"].end_time == found["request"].end_time


@pytest.mark.parametrize("missing", ["opentelemetry.exporter.otlp.proto.http.trace_exporter", "server.tracing"])
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, missing: str):
    monkeypatch.setitem(sys.modules, missing, None)
    with (
        pytest.raises(BackendError, match="Traces need OpenTelemetry, which is not installed: pip install"),
        watching(Places(1, 1), None, traced=True),
    ):
        pass


def test_logs_metrics_and_traces_are_told_of_one_thing(monkeypatch: pytest.MonkeyPatch, spans: InMemorySpanExporter):
    module = ModuleType("trace_exporter")
    monkeypatch.setattr(module, "OTLPSpanExporter", lambda: spans, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", module)
    with watching(Places(1, 1), MetricsConfig(port=0), traced=True) as watched:
        watched.watch(JobEnded("OK", 2.0, {"depth": 1.0}))
        with urllib.request.urlopen(f"http://127.0.0.1:{watched.metrics_port}/metrics", timeout=5) as answer:
            assert 'snapsplat_ended_total{reason="OK"} 1.0' in answer.read().decode()
        assert len(watched.outermost) == 1
    assert {span.name for span in spans.get_finished_spans()} == {"request", "queued", "depth"}
