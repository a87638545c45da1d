"""Something that goes on around a call, whatever its kind: gRPC's own interceptors see only its beginning."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

import grpc

from server.pb import service_pb2

SERVICE = service_pb2.DESCRIPTOR.services_by_name["SnapsplatService"].full_name

Around = Callable[[Any], AbstractAsyncContextManager[None]]
"""Gets the call's context; what it raises, the call does."""
Count = Callable[[int], None]
"""Told how many bytes there were."""


def is_service(method: str) -> bool:
    """Whether a full method name is of our service. Health and reflection are for everybody, and not worth counting:
    whoever watches over the server has no token, and they tell nothing that is not public."""
    return method.startswith(f"/{SERVICE}/")


def wrapped(
    handler: grpc.RpcMethodHandler, around: Around, received: Count | None = None, sent: Count | None = None
) -> grpc.RpcMethodHandler:
    """`handler`, with `around` entered while it runs, and the bytes of each message counted.

    It runs in one task with the interceptors, so that context variables that are set before are seen by it.
    """
    one: Any = handler.unary_unary or handler.stream_unary
    many: Any = handler.unary_stream or handler.stream_stream

    async def answer_one(request, context):
        async with around(context):
            return await one(request, context)

    async def answer_many(request, context):
        async with around(context):
            answers = many(request, context)
            if not hasattr(answers, "__aiter__"):
                await answers
                return
            # As a generator it would be closed by whoever finds it, in another task, if the call is cancelled.
            async with aclosing(answers):
                async for answer in answers:
                    await context.write(answer)

    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make = kinds[handler.request_streaming, handler.response_streaming]
    return make(
        answer_many if handler.response_streaming else answer_one,
        _before(handler.request_deserializer, received),
        _after(handler.response_serializer, sent),
    )


def _before(deserialize: Callable[[bytes], Any] | None, count: Count | None) -> Callable[[bytes], Any] | None:
    if count is None:
        return deserialize

    def counted(content: bytes) -> Any:
        count(len(content))
        return deserialize(content) if deserialize else content

    return counted


def _after(serialize: Callable[[Any], bytes] | None, count: Count | None) -> Callable[[Any], bytes] | None:
    if count is None:
        return serialize

    def counted(message: Any) -> bytes:
        content = serialize(message) if serialize else message
        count(len(content))
        return content

    return counted
