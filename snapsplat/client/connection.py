"""Which server, and how much it is trusted with: encryption, and who the client says that it is."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import grpc

from render.errors import ConfigError, require

SERVICE = "snapsplat.v1.SnapsplatService"
RETRY = {"maxAttempts": 4, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2}
CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": SERVICE, "method": name} for name in ("ListModels", "Plan", "CancelRequest")],
            "retryPolicy": {**RETRY, "retryableStatusCodes": ["UNAVAILABLE"]},
        }
    ]
}
"""Small calls, which gRPC itself can make again; what has bytes is for `snapsplat.client.retries`."""
OPTIONS = [
    ("grpc.service_config", json.dumps(CONFIG)),
    ("grpc.max_receive_message_length", 2 * 2**20),
    # Whether the server is gone is known within a minute, however long nothing is to be said.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # As soon as `retries` tries again: by itself gRPC waits a second or more, and calls fail meanwhile.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]


class Trust(TypedDict, total=False):
    """How a connection is made; see `connection`."""

    root_certificate: str | Path | None
    """PEM file of who vouches for the server's certificate; without it, those that this machine trusts."""
    certificate: str | Path | None
    """PEM file of the client's own certificate, where the server asks for one."""
    key: str | Path | None
    """PEM file of its private key."""
    token: str | None
    """Sent with each call as `authorization: Bearer TOKEN`."""
    insecure: bool
    """Whether nothing is encrypted though the server may be another machine."""


@dataclass(frozen=True)
class Connection:
    """What a channel is made with."""

    address: str
    credentials: grpc.ChannelCredentials | None
    """None for a connection without TLS."""
    metadata: tuple[tuple[str, str], ...]
    """Of every call."""


def connection(
    server: str,
    root_certificate: str | Path | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    token: str | None = None,
    insecure: bool = False,
) -> Connection:
    """TLS, unless the server is on this machine and no certificate is named, or `insecure` says so; see `Trust`.

    Raises:
        ConfigError: an option cannot be used, or contradicts another.
    """
    host, colon, port = server.rpartition(":")
    fits = bool(host and colon) and "/" not in host and port.isdigit() and 0 < int(port) < 2**16
    require(fits, "server", server, "HOST:PORT, such as localhost:50051")
    one_line = token is None or (bool(token) and token.isascii() and token.isprintable() and " " not in token)
    require(one_line, "token", "something else", "one token, without spaces or line breaks")
    require((certificate is None) == (key is None), "key", key and str(key), "given where a certificate is")
    tls = root_certificate is not None or certificate is not None
    require(not (tls and insecure), "insecure", insecure, "left out where certificates are given")
    metadata = () if token is None else (("authorization", f"Bearer {token}"),)
    if insecure or (not tls and _on_this_machine(host)):
        return Connection(server, None, metadata)
    root, own_key, own = (_read(path) for path in (root_certificate, key, certificate))
    return Connection(server, grpc.ssl_channel_credentials(root, own_key, own), metadata)


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: str | Path | None) -> bytes | None:
    try:
        return None if path is None else Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error}); a PEM file is expected.") from error
