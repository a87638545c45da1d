"""Photos in, a 3D Gaussian scene out. `reconstruct` is the short way, `Reconstructor` the one for many scenes;
`Client` and `AsyncClient` have it made by a server; `view` shows it in a notebook.

Importing this loads nothing heavy; torch comes with the first name that is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recon.reconstructor import Reconstructor
    from render.cameras import Cameras
    from render.gaussians import Gaussians
    from snapsplat.client.aio import AsyncClient
    from snapsplat.client.sync import Client
    from snapsplat.library import reconstruct
    from snapsplat.notebook import view

__all__ = ["AsyncClient", "Cameras", "Client", "Gaussians", "Reconstructor", "reconstruct", "view"]

_HOMES = {
    "AsyncClient": "snapsplat.client.aio",
    "Cameras": "render.cameras",
    "Client": "snapsplat.client.sync",
    "Gaussians": "render.gaussians",
    "Reconstructor": "recon.reconstructor",
    "reconstruct": "snapsplat.library",
    "view": "snapsplat.notebook",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"snapsplat has no {name!r}; it has {', '.join(__all__)}.")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        # An AttributeError, so that `help` goes on without it.
        raise AttributeError(f"snapsplat.{name} needs {error.name}, which is not installed here.") from error


def __dir__() -> list[str]:
    return __all__
