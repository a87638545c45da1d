"""`snapsplat token`: lets somebody call a server."""

from typing import Annotated

import typer

from snapsplat.refusals import refusals_told


def token(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Who will have it: 1 to 64 of A-Z a-z 0-9 . _ -", show_default=False)
    ],
) -> None:
    """Make a token by which a server knows a caller: it is shown once and kept nowhere.

    On stdout: the token, for whoever calls; then the line for the server's file of tokens, which holds hashes alone and
    is read again when it changes.
    """
    with refusals_told("Stopped.", "Out of memory."):
        from server.tokens import new_token

        made, line = new_token(name)
        typer.echo(f"The token, for {name} alone:", err=True)
        typer.echo(made)
        typer.echo("The line for the server's file:", err=True)
        typer.echo(line)
