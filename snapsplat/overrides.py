"""Which arguments of a command are places, and which are options of the configuration."""

from collections.abc import Sequence
from pathlib import Path


def split_overrides(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Places and Hydra overrides: an argument with "=" in it that no file is called by is an override."""
    # A path, a URL or a glob may have folders such as day=1 in it; a key has no slash before its "=".
    overrides = [a for a in arguments if "=" in a and "/" not in a.partition("=")[0] and not Path(a).exists()]
    return [argument for argument in arguments if argument not in overrides], overrides
