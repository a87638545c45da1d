"""Who calls, and about which request: known to everything that runs for a call, without being handed on.

A task that is begun for a call has a copy, so that what it does later is still the caller's.
"""

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Whom limits and requests belong to."""

    principal: str
    """`token:NAME`, `certificate:SUBJECT` or `address:127.0.0.1`."""
    known: bool
    """By a token or a certificate. Behind one address there may be many, and one may change it."""


NOBODY = Caller("", known=False)
caller: ContextVar[Caller] = ContextVar("caller", default=NOBODY)
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""As the caller chose it."""

_MARK = "@"
"""In no id that a caller may choose."""


def claim(chosen: str) -> str:
    """The id under which the server has this caller's request, which the call is about from now on.

    Callers who are known have ids of their own: what another calls the same is another request.
    """
    request_id.set(chosen)
    who = caller.get()
    if not who.known:
        return chosen
    return chosen + _MARK + hashlib.sha256(who.principal.encode()).hexdigest()[:32]


def chosen(key: str) -> str:
    """The id as the caller chose it."""
    return key.partition(_MARK)[0]
