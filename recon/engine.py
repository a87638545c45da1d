"""One model on one device: lists of Views in, lists of Reconstructions out.

Knows neither files nor the wire. Scenes of one grid run as one pack: a batch is a longer view axis.
"""

from collections.abc import Callable, Sequence

import torch

from recon.images import one_is_too_few
from recon.network.cameras.hypotheses import Solved, solve
from recon.network.cameras.question import Question
from recon.network.splat_network import NetworkConfig, SplatNetwork
from recon.pack_run import CamerasFound, PackRun, StageTold
from recon.reconstruction import Reconstruction
from recon.views import Views
from render.errors import BackendError, SnapsplatError

StageProgress = Callable[[str], None]
"""Called with a stage's name when it is done."""


class Engine:
    """Holds the network; `reconstruct` may be called as often as one likes."""

    def __init__(self, config: NetworkConfig, device: str = "auto"):
        """`device` is cpu, cuda or auto.

        Raises:
            BackendError: CUDA was asked for and there is none.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise BackendError("device is cuda, but torch sees no CUDA device here; use cpu or auto.")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(device)
        self.network = SplatNetwork(config).eval().to(self.device)

    def reconstruct(
        self,
        scenes: Sequence[Views],
        seed: int = 0,
        progress: StageProgress | None = None,
        cameras_found: CamerasFound | None = None,
    ) -> list[Reconstruction | SnapsplatError]:
        """One answer for each scene, in order. A scene that fails answers with its error; the others are untouched."""
        run = self.begin(scenes, None if progress is None else lambda stage, _: progress(stage), cameras_found)
        return run.build([solve(question, seed) for question in run.look()])

    def begin(
        self, scenes: Sequence[Views], told: StageTold | None = None, cameras_found: CamerasFound | None = None
    ) -> "EngineRun":
        """`reconstruct` in its parts, for who has other work for the device while cameras are solved."""
        refused: dict[int, SnapsplatError] = {}
        by_grid: dict[tuple[int, int], list[int]] = {}
        for i, views in enumerate(scenes):
            if len(views) == 1 and self.network.depth.correction is None:
                refused[i] = one_is_too_few(views.names[0])
            else:
                by_grid.setdefault(views.size_wh, []).append(i)
        packs = []
        for chosen in by_grid.values():
            found = _renumbered(cameras_found, chosen)
            packs.append((chosen, PackRun(self.network, self.device, [scenes[i] for i in chosen], told, found)))
        return EngineRun(packs, refused)


class EngineRun:
    """Scenes on their way: `look`, then a `solve` for each of its questions, wherever there is a CPU, then `build`.

    `look` and `build` need the device, each to itself; what the run holds between them stays there.
    """

    def __init__(self, packs: list[tuple[list[int], PackRun]], refused: dict[int, SnapsplatError]):
        """`packs` with the places of their scenes in the answer."""
        self._packs = packs
        self._refused = refused

    def look(self) -> list[Question]:
        """For the camera solver, in an order of their own."""
        return [question for _, pack in self._packs for question in pack.look()]

    def build(self, solved: Sequence[Solved]) -> list[Reconstruction | SnapsplatError]:
        """What `Engine.reconstruct` gives; `solved` are the solver's answers in the order of its questions."""
        answers: dict[int, Reconstruction | SnapsplatError] = dict(self._refused)
        left = iter(solved)
        for chosen, pack in self._packs:
            answers.update(zip(chosen, pack.build([next(left) for _ in chosen]), strict=True))
        return [answers[i] for i in range(len(answers))]


def _renumbered(found: CamerasFound | None, chosen: list[int]) -> CamerasFound | None:
    """For some of the scenes, those that run together."""
    return None if found is None else lambda scene, photos: found(chosen[scene], photos)
