"""Everything that stands between the network and the service, put together."""

import time
from dataclasses import dataclass
from pathlib import Path

import grpc

from server.calls import Calls
from server.engine import Clock
from server.events import Watch, unwatched
from server.gate import Gate
from server.guard_config import PrincipalConfig, SecurityConfig
from server.principals import Principals
from server.tls import credentials
from server.tokens import Tokens


@dataclass(frozen=True)
class Guard:
    """For `server.serving.serving`."""

    principals: Principals
    watch: Watch = unwatched
    """Told of every call, and of what else happens."""
    credentials: grpc.ServerCredentials | None = None
    """Of TLS; without them, nothing is encrypted."""
    insecure: bool = False
    """As in `SecurityConfig`."""
    interceptors: tuple[grpc.aio.ServerInterceptor, ...] = ()
    """The first is outermost."""


OPEN = Guard(Principals(None, time.monotonic))
"""Whoever reaches the server may call, as often as they like."""


def guarded(
    security: SecurityConfig,
    share: PrincipalConfig | None = None,
    clock: Clock = time.monotonic,
    watch: Watch = unwatched,
    outermost: tuple[grpc.aio.ServerInterceptor, ...] = (),
) -> Guard:
    """What a configuration asks for.

    Args:
        security: who may call.
        share: of each caller; without it, that of `PrincipalConfig` where callers are known, and no limit otherwise.
        clock: of limits, and of how often the tokens are looked at.
        watch: told of every call.
        outermost: interceptors that come before all others, such as that of `server/tracing.py`.

    Raises:
        ConfigError: a certificate or the tokens are no good.
    """
    if share is None and security.knows_callers:
        share = PrincipalConfig()
    gate = Gate(None if security.tokens is None else Tokens(Path(security.tokens), clock))
    return Guard(
        Principals(share, clock),
        watch,
        None if security.tls is None else credentials(security.tls),
        security.insecure,
        (*outermost, Calls(watch, clock), gate),
    )
