"""Traces by OpenTelemetry: a span for each call, below it one for each stage of its request. An extra: `[tracing]`.

A client that sends a `traceparent` finds the server's spans in its own trace.
"""

import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from render.extras import missing
from server.around import SERVICE, is_service, wrapped
from server.caller import request_id
from server.events import CallEnded, Event, JobEnded

NANOSECONDS = 10**9


class _Metadata(Getter[dict[str, str]]):
    def get(self, carrier: dict[str, str], key: str) -> list[str] | None:
        return [carrier[key]] if key in carrier else None

    def keys(self, carrier: dict[str, str]) -> list[str]:
        return list(carrier)


class Tracing(grpc.aio.ServerInterceptor):
    """Outermost of the interceptors; `watch` is to be told of what happens."""

    def __init__(self, provider: TracerProvider):
        self._tracer = provider.get_tracer("snapsplat")

    async def intercept_service(self, continuation, handler_call_details):
        """See grpc.aio."""
        handler = await continuation(handler_call_details)
        if handler is None or not is_service(handler_call_details.method):
            return handler
        metadata = handler_call_details.invocation_metadata or ()
        carrier = {key: value for key, value in metadata if isinstance(value, str)}
        parent = TraceContextTextMapPropagator().extract(carrier, getter=_Metadata())
        method = handler_call_details.method.removeprefix("/")
        fields = {"rpc.system": "grpc", "rpc.service": SERVICE, "rpc.method": method.rpartition("/")[2]}

        @contextlib.asynccontextmanager
        async def traced(_context: Any) -> AsyncIterator[None]:
            with self._tracer.start_as_current_span(
                method, parent, SpanKind.SERVER, fields, record_exception=False, set_status_on_exception=False
            ):
                yield

        return wrapped(handler, traced)

    def watch(self, event: Event) -> None:
        """A `Watch`. What a call has begun, a request's task included, is below the call's span."""
        if isinstance(event, CallEnded):
            span = trace.get_current_span()
            span.set_attributes({"rpc.grpc.status": event.code, "snapsplat.request_id": request_id.get()})
            if event.code != "OK":
                span.set_status(Status(StatusCode.ERROR, event.reason or event.code))
        if isinstance(event, JobEnded):
            self._lay_out(event)

    def _lay_out(self, job: JobEnded) -> None:
        """Only now it is known how long each took: one after the other, up to now, and waiting before."""
        end = time.time_ns()
        working = sum(job.stages.values())
        at = end - round(max(job.seconds, working) * NANOSECONDS)
        fields = {"snapsplat.request_id": request_id.get(), "snapsplat.reason": job.reason}
        whole = self._tracer.start_span("request", start_time=at, attributes=fields)
        below = trace.set_span_in_context(whole)
        for name, seconds in {"queued": max(0.0, job.seconds - working), **job.stages}.items():
            span = self._tracer.start_span(name, below, start_time=at)
            at += round(seconds * NANOSECONDS)
            span.end(at)
        whole.end(end)


@contextlib.contextmanager
def exported() -> Iterator[Tracing]:
    """Traces that go where OTEL_EXPORTER_OTLP_ENDPOINT and its like say, over HTTP; what is left goes at the end.

    Raises:
        BackendError: the exporter is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # pyright: ignore[reportMissingImports]
            OTLPSpanExporter,
        )
    except ImportError as error:
        raise missing("Traces need", "OpenTelemetry", "tracing") from error
    name = os.environ.get("OTEL_SERVICE_NAME", "snapsplat")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield Tracing(provider)
    finally:
        provider.shutdown()
