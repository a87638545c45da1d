"""Calls carried on to a server of the same protocol: bytes, metadata and the time that is left, both ways.

For whoever takes calls in another way than gRPC's own server. What a message says is not looked at.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc

TIMEOUT = "snapsplat-timeout"
"""Metadata in which a proxy before us repeats gRPC's own header of that name, which gRPC keeps to itself."""
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_OPTIONS = [
    # A connection of its own, which another channel to the same address does not share.
    ("grpc.use_local_subchannel_pool", 1),
    # A server whose machine is lost says nothing any more; so it is known within a minute.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
]
_OWN = ("user-agent", TIMEOUT)
"""Of the call that was taken, not of that which is made."""

Metadata = Sequence[tuple[str, str | bytes]]


class Carrier:
    """To one server."""

    def __init__(self, address: str):
        """Connects when it is first used."""
        self._channel = grpc.aio.insecure_channel(address, _OPTIONS)

    async def close(self) -> None:
        """Calls that are still on their way are cancelled."""
        await self._channel.close()

    async def one(self, method: str, request: bytes, metadata: Metadata) -> bytes:
        """The answer of `method`, in full: `/snapsplat.v1.SnapsplatService/Plan`.

        Raises:
            AioRpcError: the server refused.
        """
        call: Any = self._channel.unary_unary(method)
        return await call(request, metadata=carried(metadata), timeout=seconds_left(metadata))

    async def many(
        self, method: str, requests: bytes | AsyncIterator[bytes], metadata: Metadata
    ) -> AsyncIterator[bytes]:
        """The answers; who stops listening cancels the call.

        Raises:
            AioRpcError: the server refused, or ended the call.
        """
        made: Any = self._channel.unary_stream if isinstance(requests, bytes) else self._channel.stream_stream
        call = made(method)(requests, metadata=carried(metadata), timeout=seconds_left(metadata))
        try:
            async for answer in call:
                yield answer
        finally:
            call.cancel()


def carried(metadata: Metadata) -> list[tuple[str, str | bytes]]:
    """What goes on: not what gRPC makes itself."""
    return [(key, value) for key, value in metadata if key not in _OWN and not key.startswith(("grpc-", ":"))]


def seconds_left(metadata: Metadata) -> float | None:
    """That the client waits, as `TIMEOUT` says: at most eight digits and a unit, such as `250m`; None: it doesn't."""
    for key, value in metadata:
        if key == TIMEOUT and isinstance(value, str) and value[:-1].isdecimal() and value[-1] in _UNITS:
            return int(value[:-1]) * _UNITS[value[-1]]
    return None
