"""Packages that not everyone needs: what is said where one is missing."""

import importlib.util
from typing import Literal

from render.errors import BackendError

Extra = Literal["batch", "cuda", "mesh", "ray", "serve", "tracing", "train", "usd", "view"]
"""Of pyproject.toml, those that bring what users need."""


def installed_by(extra: Extra) -> str:
    """The command that brings an extra of pyproject.toml, in the clone."""
    return f"pip install -e '.[{extra}]'"


def missing(needs: str, package: str, extra: Extra) -> BackendError:
    """What is raised where `package` cannot be imported; `needs` begins the sentence: "Meshes need"."""
    return BackendError(f"{needs} {package}, which is not installed: {installed_by(extra)}.")


def check_installed(needs: str, module: str, extra: Extra, package: str | None = None) -> None:
    """Find out before the work whether a module is there, without importing it.

    Args:
        package: what it is called where it is installed from, if not as the module.

    Raises:
        BackendError: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise missing(needs, package or module, extra)
