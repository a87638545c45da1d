"""Polish, on request: gradient steps on a finished scene against its own photos (Kerbl et al. 2023, section 5).

A small share of the rays is held back. After every round over the photos the error on those decides: the best round's
scene is kept, and rounds that only learn the photos by heart end it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import normalize

from recon.reconstruction import Reconstruction
from render.gaussians import Gaussians
from render.rasterize import rasterize
from render.rasterize.projection import rotations

LEARNING_RATES = {"shifts": 0.03, "quats": 2e-3, "log_scales": 1e-2, "logits": 0.03, "sh": 5e-3, "sh_rest": 2.5e-4}
"""Of Adam. Shifts of the means are in units of the Gaussian's mean scale; `sh` is the constant colour."""
POSE_RATE = 1e-4
"""In radians, and in shares of the median distance between cameras and scene."""
GAIN_RATE = 1e-3
"""In log brightness."""
HELD_OUT = 0.02
"""Share of rays that are held back, in squares of `SQUARE` pixels."""
SQUARE = 8
PATIENCE = 3
"""Rounds without a better one before it ends."""
TRANSPARENT = 0.05
"""Opacity below which a Gaussian is removed at the end."""


@dataclass(frozen=True)
class Polished:
    """What came of it."""

    reconstruction: Reconstruction
    rounds: int
    """Over all registered photos."""
    psnr_before: float
    """On the rays held back, dB."""
    psnr_after: float


def polish(reconstruction: Reconstruction, seconds: float | int, seed: int = 0) -> Polished:
    """Improve Gaussians, exposures, and the poses that were not given, for at most about `seconds`.

    How many rounds that allows depends on the machine: two runs need not give the same scene.
    """
    problem = _Problem(reconstruction, seed)
    end = time.perf_counter() + seconds
    best = before = problem.held_out_error()
    kept, rounds, since = problem.state(), 0, 0
    whole = True
    while since < PATIENCE and whole:
        # The last round may be cut short; what it did is judged as well.
        whole = problem.round(end)
        rounds, since = rounds + whole, since + 1
        error = problem.held_out_error()
        if error < best:
            best, kept, since = error, problem.state(), 0
    return Polished(problem.finished(kept), rounds, _psnr(before), _psnr(best))


def _psnr(mean_square: float) -> float:
    return float(-10 * torch.log10(torch.tensor(max(mean_square, 1e-10))))


class _Problem:
    """Unknowns, photos, and an optimizer over them."""

    def __init__(self, reconstruction: Reconstruction, seed: int):
        self.start = reconstruction
        self.random = torch.Generator().manual_seed(seed)
        self.views = [v for v, origin in enumerate(reconstruction.origin) if origin != "not registered"]
        self.free = [v for v in self.views if reconstruction.origin[v] != "given"]
        self.photos = [torch.from_numpy(photo).float() / 255 for photo in reconstruction.photos]
        self.held_out = [_squares(photo.shape[:2], self.random) for photo in self.photos]
        scene = reconstruction.gaussians
        self.unit = scene.scales.mean(1, keepdim=True)
        self.distance = self._distance()
        self.unknown = {
            "shifts": torch.zeros_like(scene.means),
            "quats": scene.quats_wxyz.clone(),
            "log_scales": scene.scales.log(),
            "logits": torch.logit(scene.opacities, eps=1e-4),
            "sh": scene.sh[:, :1].clone(),
            "sh_rest": scene.sh[:, 1:].clone(),
            "log_gains": reconstruction.gain.log(),
            "turns": torch.zeros(len(self.photos), 3),
            "moves": torch.zeros(len(self.photos), 3),
        }
        rates = {**LEARNING_RATES, "log_gains": GAIN_RATE, "turns": POSE_RATE, "moves": POSE_RATE}
        fixed = () if self.free else ("turns", "moves")
        groups = [
            {"params": [tensor.requires_grad_()], "lr": rates[name]}
            for name, tensor in self.unknown.items()
            if name not in fixed
        ]
        self.optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-15)

    def round(self, end: float) -> bool:
        """A step for each registered photo; False if the time was over before the last."""
        for i in torch.randperm(len(self.views), generator=self.random).tolist():
            if time.perf_counter() >= end:
                return False
            v = self.views[i]
            wanted = self.photos[v] * self.unknown["log_gains"][v].exp()
            difference = (self._drawn(v) - wanted).abs().mean(-1)[~self.held_out[v]]
            # What the gains do must not darken the scene as a whole.
            loss = difference.mean() + self.unknown["log_gains"][self.views].mean(0).square().sum()
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
        return True

    @torch.no_grad()
    def held_out_error(self) -> float:
        """Mean square over the rays held back, of all photos, at the photos' own exposure."""
        errors = []
        for v in self.views:
            drawn = self._drawn(v) / self.unknown["log_gains"][v].exp()
            errors.append((drawn - self.photos[v]).square().mean(-1)[self.held_out[v]])
        return float(torch.cat(errors).mean())

    def state(self) -> dict[str, Tensor]:
        """A copy of all unknowns."""
        return {name: tensor.detach().clone() for name, tensor in self.unknown.items()}

    def finished(self, state: dict[str, Tensor]) -> Reconstruction:
        """The reconstruction with the unknowns of `state`, without Gaussians that have become transparent."""
        self.unknown = state
        scene = self._gaussians()
        scene = scene[scene.opacities >= TRANSPARENT]
        T = self.start.cameras.T_world_camera.clone()
        for v in self.free:
            T[v] = self._pose(v).to(T.dtype)
        return replace(
            self.start,
            gaussians=replace(scene, quats_wxyz=normalize(scene.quats_wxyz, dim=-1)),
            cameras=replace(self.start.cameras, T_world_camera=T),
            gain=state["log_gains"].exp(),
        )

    def _drawn(self, view: int) -> Float[Tensor, "height width 3"]:
        height, width = self.photos[view].shape[:2]
        camera = self.start.cameras[[view]].resized((width, height))
        return rasterize(self._gaussians(), replace(camera, T_world_camera=self._pose(view)[None])).rgb[0]

    def _gaussians(self) -> Gaussians:
        start, unknown = self.start.gaussians, self.unknown
        return Gaussians(
            means=start.means + unknown["shifts"] * self.unit,
            quats_wxyz=unknown["quats"],
            scales=unknown["log_scales"].exp(),
            opacities=torch.sigmoid(unknown["logits"]),
            sh=torch.cat([unknown["sh"], unknown["sh_rest"]], 1),
        )

    def _pose(self, view: int) -> Float[Tensor, "4 4"]:
        T = self.start.cameras.T_world_camera[view]
        if view not in self.free:
            return T
        half = torch.cat([torch.ones(1), self.unknown["turns"][view] / 2]).to(T.dtype)
        change = torch.eye(4, dtype=T.dtype)
        change[:3, :3] = rotations(half[None])[0]
        change[:3, 3] = self.unknown["moves"][view].to(T.dtype) * self.distance
        return T @ change

    def _distance(self) -> float:
        """Median distance of the Gaussians from the middle of the cameras."""
        centre = self.start.cameras.centres[self.views].mean(0).to(self.start.gaussians.means.dtype)
        return float((self.start.gaussians.means - centre).norm(dim=1).median())


def _squares(size: Sequence[int], random: torch.Generator) -> Bool[Tensor, "height width"]:
    """True in some of the squares that a picture is cut into."""
    height, width = size
    chosen = torch.rand(-(-height // SQUARE), -(-width // SQUARE), generator=random) < HELD_OUT
    chosen[0, 0] |= not chosen.any()
    return chosen.repeat_interleave(SQUARE, 0).repeat_interleave(SQUARE, 1)[:height, :width]
