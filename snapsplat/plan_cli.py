"""`snapsplat plan`."""

from typing import Annotated

import typer

from snapsplat.refusals import refusals_told
from snapsplat.scene_options import Model


def plan(
    photos: Annotated[int, typer.Option(metavar="N", help="Photos of the scene.", show_default=False)],
    size: Annotated[int, typer.Option(metavar="N", help="Long side of the working grid in pixels.")] = 384,
    model: Model = "small",
) -> None:
    """Say how many seconds and gigabytes a scene would take on this machine, for photos of 3:2.

    It rests on what the service has measured here, or else on what was measured elsewhere.

    \b
    snapsplat plan --photos 8 --size 512
    """
    typed = {"network": "--model", "size": "--size", "photos": "--photos"}
    with refusals_told("Stopped.", "Out of memory.", typed):
        import torch

        from recon.config import load_config
        from recon.cost import Load
        from recon.cost_file import KeptCosts, device_name
        from recon.grid import fit_grid
        from recon.images import MAX_PHOTOS
        from recon.scene_input import fewest_photos
        from render.errors import require

        config = load_config([f"network={model}", f"size={size}"])
        fewest = fewest_photos(config)
        require(fewest <= photos <= MAX_PHOTOS, "photos", photos, f"from {fewest} to {MAX_PHOTOS}")
        name = device_name(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        _, (width, height) = fit_grid([(3000, 2000)], size)
        cost = KeptCosts(name).model(model)
        load = Load(photos, width, height)
        typer.echo(f"{cost.seconds(load):.1f} s and {cost.peak_bytes(load) / 1e9:.1f} GB on {name}.")
        typer.echo(
            f"By {cost.measured} batches that the service ran here."
            if cost.measured
            else "Nothing was measured here yet: by the defaults, which are of one thread of a CPU."
        )
