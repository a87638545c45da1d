"""`snapsplat view`."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from snapsplat.refusals import refusals_told

if TYPE_CHECKING:
    import torch

    from render.view.scene import ViewedScene


def view(
    scene: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="What reconstruct wrote, or a scene's file of any known format.", show_default=False
        ),
    ],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTOS",
            help="The scene's photos; without them, the scene is drawn in their place.",
            show_default=False,
        ),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a fly-through, .mp4, instead of showing.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write one .html that opens from disk, instead of showing.", show_default=False
        ),
    ] = None,
    page: Annotated[
        Literal["auto", "supersplat", "viser"],
        typer.Option(
            metavar="WHOSE",
            help="Whose viewer the .html holds: supersplat, which knows all harmonics and wants the program "
            "splat-transform; viser, which has the cameras' frustums; or auto, which is supersplat where its program "
            "is.",
        ),
    ] = "auto",
    against: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="A second scene of the same photos, to switch to.", show_default=False),
    ] = None,
    frames: Annotated[int, typer.Option(metavar="N", help="Of the fly-through, one way.")] = 60,
    size: Annotated[int, typer.Option(metavar="N", help="Long side of the fly-through in pixels.")] = 480,
    max_mb: Annotated[float, typer.Option(metavar="MB", help="What the .html may take; the rest is left out.")] = 20,
    draw: Annotated[
        Literal["auto", "server", "browser"],
        typer.Option(
            metavar="WHO",
            help="Who draws the app's Gaussians: server, this process, which knows all harmonics; browser; or auto, "
            "which is server on CUDA and else browser.",
        ),
    ] = "auto",
    port: Annotated[
        int, typer.Option(metavar="N", help="Of this machine alone; the next free one from here on.")
    ] = 8080,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the browser.")] = False,
) -> None:
    """Look at a scene in the browser, or write a video or a page of it.

    \b
    snapsplat view out photos/
    snapsplat view scene.spz
    snapsplat view out --html scene.html
    snapsplat view out --video path.mp4
    """
    with refusals_told("Stopped.", "Out of memory; try a smaller --size."):
        from render.errors import require
        from render.files.atomic import check_parent

        require(2 <= frames <= 5000, "frames", frames, "from 2 to 5000")
        require(32 <= size <= 4096, "size", size, "from 32 to 4096")
        require(1.5 <= max_mb <= 500, "max-mb", max_mb, "from 1.5 to 500")
        require(0 <= port <= 65535, "port", port, "from 0 to 65535, where 0 is any that is free")
        app = video is None and html is None
        require(
            against is None or app, "against", str(against), "left out with --html and --video: they show one scene"
        )
        # Whatever can be refused is, before scenes are opened and pictures drawn.
        for path in (video, html):
            if path is not None:
                check_parent(path)
        require(video is None or video.suffix.lower() == ".mp4", "video", str(video), "a name that ends in .mp4")
        for path in (scene, against):
            if path is not None:
                _check_scene(path, photos)
        program = None if html is None else _page_program(page)
        if app:
            _need_viser()
        device = _drawing_device(draw) if app else None
        shown = _opened(scene, photos)
        if video is not None:
            _write_video(shown, video, frames, size)
            typer.echo(f"Video    {video}")
        if html is not None:
            _write_page(shown, html, max_mb, program, may_fail=page == "auto")
        if app:
            other = None if against is None else _opened(against, photos)
            _run_app(shown, other, (frames, size), device, port, not no_open)


def _check_scene(path: Path, photos: list[Path] | None) -> None:
    from render.errors import FileFormatError, require
    from render.files.formats import scene_file

    scene_file(path)
    if path.is_file():
        require(not photos, "OUT", str(path), "the folder of the scene where photos are given: it has their cameras")
    elif not (path / "cameras.json").is_file():
        raise FileFormatError(path, "there is no cameras.json in it; a scene's folder has one.")


def _opened(path: Path, photos: list[Path] | None) -> "ViewedScene":
    from render.view.folder import open_folder
    from render.view.scene_file import open_file
    from snapsplat.run_photos import photos_of_run

    return open_file(path) if path.is_file() else open_folder(path, photos_of_run(path, photos or []))


def _write_video(scene: "ViewedScene", path: Path, frames: int, size: int) -> None:
    from rich.console import Console
    from rich.progress import track

    from render.view.video import drawn_frames, write_video

    console = Console(stderr=True)
    drawn = drawn_frames(scene.gaussians, scene.fly_through(frames, size))
    write_video(path, list(track(drawn, "drawing", frames, console=console, disable=not console.is_terminal)))


def _page_program(whose: Literal["auto", "supersplat", "viser"]) -> str | None:
    """Path of splat-transform, which shall make the page; None where viser does, which is there then."""
    from render.errors import BackendError
    from render.view.supersplat import find_program

    program = None if whose == "viser" else find_program()
    if program is None and whose == "supersplat":
        raise BackendError(
            "splat-transform 3 or newer is not on the path; npm install -g @playcanvas/splat-transform, "
            "with Node 22 or newer."
        )
    if program is None:
        _need_viser()
    return program


def _write_page(scene: "ViewedScene", path: Path, max_mb: float, program: str | None, *, may_fail: bool) -> None:
    from render.errors import BackendError
    from render.files.atomic import write_atomically
    from render.view.supersplat import supersplat_page

    made = None
    if program is not None:
        typer.echo("splat-transform makes the page, which takes minutes where it finds no GPU.", err=True)
        try:
            made = supersplat_page(scene, max_mb, program)
        except BackendError as error:
            if not may_fail:
                raise
            typer.echo(f"Warning: {error}", err=True)
    if made is None:
        _need_viser()
        from render.view.page import page

        made, program = page(scene, max_mb), None
    html, count = made
    write_atomically(path, html.encode())
    viewer = "viser's viewer" if program is None else "SuperSplat's viewer, with all harmonics"
    typer.echo(f"Page     {path}: {len(html) / 1e6:.1f} MB, {count} of {len(scene.gaussians)} Gaussians, {viewer}")


def _run_app(
    scene: "ViewedScene",
    against: "ViewedScene | None",
    fly_through: tuple[int, int],
    device: "torch.device | None",
    port: int,
    browse: bool,
) -> None:
    from render.view.app import App, FlyThrough
    from render.view.stage import quiet_server

    with quiet_server(port) as server, closing(App(server, scene, against, FlyThrough(*fly_through), device)):
        address = f"http://127.0.0.1:{server.get_port()}"
        typer.echo(f"Viewer   {address} (Ctrl-C ends it)")
        typer.echo(f"Drawn    {'by the browser' if device is None else f'here, on {device}, with all harmonics'}")
        if browse:
            typer.launch(address)
        server.sleep_forever()


def _drawing_device(draw: Literal["auto", "server", "browser"]) -> "torch.device | None":
    """What this process draws on; None where the browser shall draw."""
    import torch

    from render.errors import BackendError
    from render.rasterize.gsplat_cuda import load_gsplat

    cuda = torch.cuda.is_available()
    if draw == "browser" or (draw == "auto" and not cuda):
        return None
    if not cuda:
        return torch.device("cpu")
    try:
        load_gsplat()
    except BackendError as error:
        if draw == "server":
            raise
        typer.echo(f"Warning: {error}", err=True)
        return None
    return torch.device("cuda")


def _need_viser() -> None:
    from render.extras import check_installed

    check_installed("This needs", "viser", "view")
