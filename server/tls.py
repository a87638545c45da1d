"""The server's certificate, read and checked before anybody relies on it, and again when its files change."""

import logging
import ssl
from pathlib import Path
from typing import Any

import grpc

from render.errors import ConfigError
from server.guard_config import TlsConfig

log = logging.getLogger(__name__)


def credentials(config: TlsConfig) -> grpc.ServerCredentials:
    """What gRPC listens with. Who connects after the files have changed meets the new ones; if those are no good, the
    old ones go on, and the log says why.

    Raises:
        ConfigError: a file cannot be read, is no PEM, or the key is another certificate's.
    """
    known = _changed(config)
    first = _read(config)

    def fetch() -> Any:
        """gRPC asks before each handshake, from a thread of its own; None: nothing new."""
        nonlocal known
        now = _changed(config)
        if now == known:
            return None
        known = now
        try:
            read = _read(config)
        except ConfigError as error:
            log.error("The new certificate is no good, the old one goes on: %s", error)
            return None
        log.info("There is a new certificate.")
        return read

    return grpc.dynamic_ssl_server_credentials(first, fetch, config.client_ca is not None)


def _changed(config: TlsConfig) -> list[tuple[int, int, int] | None]:
    """Another one says that a file may have changed."""
    found: list[tuple[int, int, int] | None] = []
    for path in (config.certificate, config.key, config.client_ca):
        try:
            stat = Path(path).stat() if path is not None else None
        except OSError:
            stat = None
        found.append(None if stat is None else (stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return found


def _read(config: TlsConfig) -> grpc.ServerCertificateConfiguration:
    """All of it, checked: gRPC itself would only refuse every handshake, and say nothing."""
    certificate, key = _content("certificate", config.certificate), _content("key", config.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(config.certificate, config.key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"The certificate {config.certificate} and the key {config.key} do not go together ({error}); a chain in "
            "PEM and its key without a passphrase are expected."
        ) from error
    if config.client_ca is None:
        return grpc.ssl_server_certificate_configuration([(key, certificate)])
    roots = _content("client CA", config.client_ca)
    try:
        context.load_verify_locations(config.client_ca)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"The client CA {config.client_ca} holds no certificates ({error}); PEM is right.") from error
    return grpc.ssl_server_certificate_configuration([(key, certificate)], roots)


def _content(what: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"The {what} {path} cannot be read ({error.strerror or error}).") from error
