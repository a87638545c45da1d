"""Every call of the service, how it ended, and how much went over the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from server.around import is_service, wrapped
from server.caller import caller
from server.engine import Clock
from server.events import CallBegan, CallEnded, Watch
from server.peers import by_address

_DETAILS = "grpc-status-details-bin"


class Calls(grpc.aio.ServerInterceptor):
    """The outermost interceptor: it sees what the others refuse."""

    def __init__(self, watch: Watch, clock: Clock):
        """`watch` is told of each call when it begins and when it has ended."""
        self._watch = watch
        self._clock = clock

    async def intercept_service(self, continuation, handler_call_details):
        """See grpc.aio."""
        handler = await continuation(handler_call_details)
        if handler is None or not is_service(handler_call_details.method):
            return handler
        method = handler_call_details.method.rpartition("/")[2]
        sizes = {"received": 0, "sent": 0}

        def received(size_bytes: int) -> None:
            sizes["received"] += size_bytes

        def sent(size_bytes: int) -> None:
            sizes["sent"] += size_bytes

        @contextlib.asynccontextmanager
        async def told(context: Any) -> AsyncIterator[None]:
            since, code = self._clock(), "UNKNOWN"
            # Until it is known better: of whom is refused, the address is all that is known.
            caller.set(by_address(context))
            self._watch(CallBegan(method))
            try:
                yield
                code = "OK"
            except asyncio.CancelledError:
                # gRPC does not say why.
                left = context.time_remaining()
                code = "DEADLINE_EXCEEDED" if left is not None and left <= 0 else "CANCELLED"
                raise
            finally:
                if context.code() is not None:
                    code = context.code().name
                seconds = self._clock() - since
                self._watch(
                    CallEnded(
                        method, code, _reason(context), context.details(), seconds, sizes["received"], sizes["sent"]
                    )
                )

        return wrapped(handler, told, received, sent)


def _reason(context: Any) -> str:
    for key, value in context.trailing_metadata() or ():
        if key == _DETAILS:
            info = ErrorInfo()
            if any(detail.Unpack(info) for detail in Status.FromString(value).details):
                return info.reason
    return ""
