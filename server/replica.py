"""One of several servers behind a common door: a whole server on an address of its own, with a folder of its own."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from render.errors import ConfigError, OutputError, require
from render.files.lock import locked
from server.logs import configure_logs
from server.results import LOCK
from server.service_config import ServiceConfig, load_service_config
from server.start import started

Start = Callable[[ServiceConfig, str], AbstractAsyncContextManager[Any]]


@contextlib.asynccontextmanager
async def replica(options: Sequence[str], host: str, name: str, start: Start = started) -> AsyncIterator[Any]:
    """A server at any free port of `host`; it begins with nothing, and nothing of it stays.

    Args:
        options: of the configuration, as `snapsplat serve` takes them.
        host: others in the cluster reach it there, unencrypted, as they reach each other.
        name: its folder is `folder`/`host`/`name`.
        start: `server.start.started`, or does as it does.

    Raises:
        SnapsplatError: it cannot run here.
    """
    configure_logs()
    config = replica_config(options)
    of_host = Path(config.folder) / host
    # Of those that were killed, it may be gigabytes.
    await asyncio.to_thread(remove_left, of_host)
    folder = of_host / name
    try:
        async with start(replace(config, folder=str(folder)), f"{host}:0") as server:
            yield server
    finally:
        # Nobody can ask for it any more.
        shutil.rmtree(folder, ignore_errors=True)


def remove_left(of_host: Path) -> None:
    """The folders of servers of this host that were killed: nobody holds their locks."""
    for lock in of_host.glob(f"*/{LOCK}"):
        with contextlib.suppress(OutputError, OSError), locked(lock, "It lives."):
            shutil.rmtree(lock.parent, ignore_errors=True)


def anywhere(options: Sequence[str]) -> tuple[str, ...]:
    """The options, with paths that do not depend on where a process began.

    Raises:
        ConfigError: one is wrong.
    """
    paths = _paths(load_service_config([*options, "security.insecure=true", "engine.device=cpu"]))
    absolute = {name: str(Path(path).absolute()).replace("'", r"\'") for name, path in paths.items()}
    return (*options, *(f"{name}='{path}'" for name, path in absolute.items()))


def _paths(config: ServiceConfig) -> dict[str, str]:
    named = {"folder": config.folder, "security.tokens": config.security.tokens}
    return {name: path for name, path in named.items() if path is not None}


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
    for name, path in _paths(config).items():
        require(Path(path).is_absolute(), name, path, "an absolute path: replicas begin in folders of Ray's")
    return config
