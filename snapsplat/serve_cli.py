"""`snapsplat serve`."""

import asyncio
import os
from typing import Annotated

import typer

from render.errors import BackendError
from render.extras import check_installed
from snapsplat.refusals import refusals_told

NEEDED = ("grpc", "grpc_health", "grpc_reflection", "grpc_status", "structlog", "prometheus_client", "psutil")


def serve(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 is any that is free.")
    ] = "127.0.0.1:50051",
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine though nothing is encrypted.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Run on the Ray cluster at ADDRESS, HOST:PORT; without one, on that which RAY_ADDRESS names or "
            "this machine is in, or else on one of this machine alone. Needs --insecure: see docs/ray.md.",
            show_default=False,
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="Options of the configuration: batcher.max_jobs=8 folder=/var/lib/snapsplat "
            "security.tokens=tokens.txt 'security.tls={certificate:server.pem,key:server.key}' 'metrics={port:9464}'",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the service: photos in over gRPC, scenes out. SIGTERM or Ctrl-C let it finish what it has begun; a second
    one ends it.

    \b
    snapsplat serve
    snapsplat serve --listen 127.0.0.1:6000 engine.device=cpu
    snapsplat serve --ray 10.0.0.1:6379 --listen 0.0.0.0:9000 --insecure ray.max_replicas=4 ray.gpus=1
    """
    stopped = "Stopped at once; who waited is told, and may ask again."
    with refusals_told(stopped, "Out of memory.", {"listen": "--listen"}):
        for module in NEEDED:
            check_installed("The service needs", module, "serve")
        # gRPC's C core has lines of its own on stderr, which are no JSON. It reads this when it is imported.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        if ray is not None:
            from server.ray_serve import serve_on_ray

            serve_on_ray(options or [], ray or None, listen, insecure, typer.echo)
            return
        from server.errors import JobError
        from server.logs import configure_logs
        from server.service_config import load_service_config
        from server.start import serve

        configure_logs()
        config = load_service_config([*(options or []), *(["security.insecure=true"] if insecure else [])])
        try:
            asyncio.run(serve(config, listen, typer.echo))
        except JobError as error:
            raise BackendError(f"The networks cannot run here: {error}") from error
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
