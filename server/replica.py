"""One of several servers behind a common door: a whole server on an address of its own, with a folder of its own."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from render.errors import ConfigError
from server.logs import configure_logs
from server.service_config import ServiceConfig, load_service_config
from server.start import Started, started


@contextlib.asynccontextmanager
async def replica(options: Sequence[str], host: str, name: str) -> AsyncIterator[Started]:
    """A server at any free port of `host`; it begins with nothing, and nothing of it stays.

    Args:
        options: of the configuration, as `snapsplat serve` takes them.
        host: others in the cluster reach it there, unencrypted, as they reach each other.
        name: of the folder within `folder`.

    Raises:
        SnapsplatError: it cannot run here.
    """
    configure_logs()
    config = replica_config(options)
    folder = Path(config.folder).absolute() / name
    try:
        async with started(replace(config, folder=str(folder)), f"{host}:0") as server:
            yield server
    finally:
        # Nobody can ask for it any more.
        shutil.rmtree(folder, ignore_errors=True)


def replica_config(options: Sequence[str]) -> ServiceConfig:
    """What the options say.

    Raises:
        ConfigError: one is wrong, or is for somebody else to see to.
    """
    config = load_service_config([*options, "security.insecure=true"])
    if config.security.tls is not None:
        raise ConfigError(
            "security.tls is set, but with --ray TLS ends in the proxy before Ray: see deploy/envoy.yaml."
        )
    return config
