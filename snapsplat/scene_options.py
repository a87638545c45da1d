"""Options that several commands take alike: which network makes a scene, how fine, from which seed."""

from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Option(metavar="NAME", help="Which network: 'small', or 'classical', in which only matching is learned."),
]
Size = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Long side of the working grid in pixels; 384 unless configured.", show_default=False
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", help="The same photos and seed give the same scene.", show_default=False),
]
