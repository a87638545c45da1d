"""Where a server may listen: on this machine as it likes, beyond it with TLS."""

import ipaddress
import socket

from render.errors import ConfigError

_UNIX = ("unix:", "unix-abstract:")
_SCHEMES = ("dns:///", "dns:", "ipv4:", "ipv6:")


def check_listen(address: str, encrypted: bool, insecure: bool) -> None:
    """Refuse to listen where others could read along.

    Args:
        address: as gRPC has it: `127.0.0.1:50051`, `localhost:0`, `unix:/run/snapsplat.sock`.
        encrypted: with TLS.
        insecure: whoever started the server wants that it listens all the same.

    Raises:
        ConfigError: it is no address, or lies beyond loopback and neither of the two is so.
    """
    if address.startswith(_UNIX):
        return
    host = _host(address)
    if encrypted or insecure or _loopback(host, address):
        return
    raise ConfigError(
        f"listen is {address!r}, which others can reach, and there is no TLS; give a certificate and a key, listen on "
        "127.0.0.1, or say --insecure if the network between is trusted."
    )


def announced(address: str, port: int) -> str:
    """`address` as others call it: with the port that was found, where it has one."""
    return address if address.startswith(_UNIX) else f"{address.rpartition(':')[0]}:{port}"


def _host(address: str) -> str:
    bare = address
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    host, colon, port = bare.rpartition(":")
    if not (host and colon and port.isdecimal() and int(port) < 2**16):
        raise ConfigError(f"listen is {address!r}; HOST:PORT is expected, such as 127.0.0.1:50051.")
    return host.removeprefix("[").removesuffix("]")


def _loopback(host: str, address: str) -> bool:
    """Whether every address that the host has is this machine's own."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"listen is {address!r}, and the host {host!r} has no address ({error}).") from error
    # An address may have a scope: fe80::1%eth0.
    return all(ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback for *_, where in found)
