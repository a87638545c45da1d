"""`snapsplat.reconstruct`: one scene in one call."""

from collections.abc import Callable, Sequence
from pathlib import Path

from recon.reconstruction import Reconstruction
from recon.reconstructor import Reconstructor


def reconstruct(
    photos: Sequence[str | Path] | str | Path,
    cameras: str | Path | None = None,
    *,
    model: str = "small",
    size: int | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    polish: float | int = 0,
    verify: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Reconstruction:
    """A scene from two to sixteen photos of one place; of one alone, a guess.

    Args:
        photos: files, or folders of them.
        cameras: a `cameras.json` that says what is known of the photos' cameras, any part of it.
        model: which network: `small`, or `classical`, in which only matching is learned.
        size: long side of the working grid in pixels; without it, as the configuration has it.
        seed: of the robust solvers; the same photos and seed give the same scene.
        overrides: Hydra overrides such as `network.depth.rounds=2`.
        polish: seconds to improve the scene by gradient steps against its own photos; 0 is the forward pass alone.
        verify: also report how well photos that were left out are predicted, if four or more are registered.
        progress: called with the name of each stage when it is done.

    Raises:
        SnapsplatError: the photos, cameras or options cannot be used, or no scene can be made of them; see
            `render.errors` for its kinds.
    """
    paths = [photos] if isinstance(photos, str | Path) else photos
    reconstructor = Reconstructor(model, size, seed, overrides)
    return reconstructor.reconstruct(paths, cameras, polish_seconds=polish, verify=verify, progress=progress)
