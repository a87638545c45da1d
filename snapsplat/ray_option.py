"""`--ray [ADDRESS]`: an option whose value may be left out, which Typer does not know."""

import re
from typing import Any

from typer.core import TyperCommand

_ADDRESS = re.compile(r"local|auto|[^\s/=]+:\d+")


class RayCommand(TyperCommand):
    """Takes `--ray` with and without an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What follows `--ray` is an address only if it looks like one; without one, the option's value is empty."""
        for i, argument in reversed(list(enumerate(args))):
            if argument == "--ray" and not any(map(_ADDRESS.fullmatch, args[i + 1 : i + 2])):
                args = [*args[:i], "--ray=", *args[i + 1 :]]
        return super().parse_args(ctx, args)
