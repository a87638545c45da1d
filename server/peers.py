"""Where a call comes from, as far as its connection says."""

import ipaddress
from typing import Any
from urllib.parse import unquote

from server.caller import Caller


def by_address(context: Any) -> Caller:
    """All at one address are one caller."""
    return Caller(f"address:{_host(context.peer())}", known=False)


def by_certificate(context: Any) -> Caller | None:
    """Who has the certificate's key; None where no certificate was asked for. gRPC has verified it."""
    subject = context.auth_context().get("x509_subject")
    return Caller(f"certificate:{subject[0].decode(errors='replace')}", known=True) if subject else None


def _host(peer: str) -> str:
    """Without the port, which is another for each connection; of IPv6 the network, in which a caller has its pick."""
    kind, _, address = unquote(peer).partition(":")
    host = address.rpartition(":")[0].removeprefix("[").removesuffix("]")
    if kind == "ipv6":
        return str(ipaddress.ip_network((host.partition("%")[0], 64), strict=False))
    return host if kind == "ipv4" else kind
