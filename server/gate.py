"""Who calls: found out before anything of a call's body is read. Health and reflection stay open."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc

from server.around import is_service, wrapped
from server.caller import Caller, caller
from server.errors import UnauthenticatedError
from server.peers import by_address, by_certificate
from server.status import status_of
from server.tokens import Tokens

BEARER = "bearer"


class Gate(grpc.aio.ServerInterceptor):
    """Refuses whoever has no token, if there are any, and says of others who they are."""

    def __init__(self, tokens: Tokens | None):
        """Without `tokens`, whom TLS lets in may call."""
        self._tokens = tokens

    async def intercept_service(self, continuation, handler_call_details):
        """See grpc.aio: called when there are only the call's name and metadata."""
        handler = await continuation(handler_call_details)
        if handler is None or not is_service(handler_call_details.method):
            return handler
        name = None
        if self._tokens is not None:
            try:
                name = _name(self._tokens, handler_call_details.invocation_metadata)
            except UnauthenticatedError as error:
                return _refusal(error)

        @contextlib.asynccontextmanager
        async def named(context: Any) -> AsyncIterator[None]:
            known = by_certificate(context) if name is None else Caller(f"token:{name}", known=True)
            caller.set(known or by_address(context))
            yield

        return wrapped(handler, named)


def _name(tokens: Tokens, metadata: Any) -> str:
    given = [value for key, value in metadata or () if key == "authorization"]
    if len(given) != 1 or not isinstance(given[0], str):
        raise UnauthenticatedError(f"The call has {len(given)} tokens; `authorization: Bearer TOKEN` is expected once.")
    scheme, _, token = given[0].partition(" ")
    name = tokens.name_of(token.strip()) if scheme.lower() == BEARER else None
    if name is None:
        raise UnauthenticatedError("The call's token is not known here; `authorization: Bearer TOKEN` is expected.")
    return name


def _refusal(error: UnauthenticatedError) -> grpc.RpcMethodHandler:
    """As a stream, whatever the method is: on the wire there is no difference, and no message is waited for."""

    async def refuse(_requests, context):
        await context.abort_with_status(status_of(error))

    return grpc.stream_stream_rpc_method_handler(refuse)
