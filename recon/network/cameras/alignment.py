"""Keypoints moved until what is around them looks alike: detectors find a point to a pixel, pictures to a tenth of one.

Each track has a reference, the view that sees it finest; a small square around its keypoint there, carried over by the
map's cameras as a plane that faces both views, is moved in every other view until it looks most alike up to brightness
and contrast (Lucas and Kanade 1981; for tracks of a map Furukawa and Ponce 2009, "Accurate Camera Calibration from
Multi-View Stereo and Bundle Adjustment", section 3.2).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from numpy import ndarray
from torch import Tensor

from recon.network.cameras.problem import SceneMap
from recon.network.cameras.tracks import Tracks
from recon.network.cameras.triangulate import in_use

HALF_SIDE = 7
"""Of the squares, in pixels of the reference's fine grid."""
WIDTH = 0.6 * HALF_SIDE
"""Standard deviation of the weight of their pixels."""
ROUNDS = 8
FARTHEST_PX = 3.0
"""What moves by more was no better than chance."""
LEAST_ALIKE = 0.7
"""Correlation of two squares that show the same."""


@dataclass(frozen=True)
class FinePhotos:
    """What a scene's photos show on the fine grid, and where reference pixels lie on it."""

    grey: Float[ndarray, "view height width"]
    """No tensor: those that go to another process share memory with it, of which a container has little."""
    scale: Float[ndarray, "view 2"]
    """Fine pixels per reference pixel."""
    centre: Float[ndarray, "view 2"]
    """Of the reference pixels' origin."""


@dataclass(frozen=True)
class _Squares:
    """What is compared: a square in a reference view with its place in another one."""

    observation: Int[ndarray, "square"]
    """That is moved."""
    view: Int[ndarray, "square"]
    own: Int[ndarray, "square"]
    """The reference view."""
    start_px: Float64[Tensor, "square 2"]
    own_px: Float64[Tensor, "square 2"]
    turn: Float64[Tensor, "square 2 2"]
    """From the reference's fine grid to that of the view."""


def aligned(scene: SceneMap, tracks: Tracks, photos: FinePhotos) -> tuple[Tracks, Bool[ndarray, "observation"]]:
    """Tracks with their observations moved, and which of them have been found to look alike, references included.

    What the map does not use, or would be moved far, stays.
    """
    use = in_use(scene, tracks)
    reference = _references(scene, tracks, use)
    observation = np.flatnonzero(use & (reference[tracks.track] >= 0))
    observation = observation[reference[tracks.track[observation]] != observation]
    found = np.zeros(len(tracks.view), dtype=bool)
    if len(observation) == 0:
        return tracks, found
    squares = _squares(scene, tracks, photos, observation, reference[tracks.track[observation]])
    shift, alike = _shifts(squares, torch.from_numpy(photos.grey))
    good = (alike > LEAST_ALIKE) & (np.linalg.norm(shift, axis=1) < FARTHEST_PX)
    xy, moved = tracks.xy.copy(), observation[good]
    xy[moved] += (shift / photos.scale[squares.view])[good]
    found[moved] = found[reference[tracks.track[moved]]] = True
    return replace(tracks, xy=xy), found


def _references(scene: SceneMap, tracks: Tracks, use: Bool[ndarray, "observation"]) -> Int[ndarray, "track"]:
    """Of each track, the observation whose view sees its point finest; -1 where fewer than two are in use."""
    R, t = scene.R[tracks.view], scene.t[tracks.view]
    depth = np.einsum("oi,oi->o", R[:, 2], scene.points[tracks.track]) + t[:, 2]
    finest = np.where(use, scene.focal[tracks.view] / np.maximum(depth, 1e-9), -np.inf)
    # Sorted by track already: the last of each is its finest.
    order = np.lexsort((finest, tracks.track))
    return np.where(np.bincount(tracks.track[use], minlength=len(tracks)) > 1, order[tracks.start[1:] - 1], -1)


def _squares(
    scene: SceneMap,
    tracks: Tracks,
    photos: FinePhotos,
    observation: Int[ndarray, "square"],
    reference: Int[ndarray, "square"],
) -> _Squares:
    a, b = tracks.view[reference], tracks.view[observation]
    R = np.einsum("oij,okj->oik", scene.R[b], scene.R[a])
    t = scene.t[b] - np.einsum("oij,oj->oi", R, scene.t[a])
    point = np.einsum("oij,oj->oi", scene.R[a], scene.points[tracks.track[observation]]) + scene.t[a]
    towards = [point, point + np.einsum("oji,oj->oi", R, t)]
    normal = sum(ray / np.linalg.norm(ray, axis=1, keepdims=True) for ray in towards)
    away = (normal * point).sum(1, keepdims=True)

    def seen_by_b(xy: ndarray) -> ndarray:
        ray = np.concatenate([xy / scene.focal[a][:, None], np.ones((len(xy), 1))], 1)
        p = np.einsum("oij,oj->oi", R, ray * away / (normal * ray).sum(1, keepdims=True)) + t
        return scene.focal[b][:, None] * p[:, :2] / p[:, 2:]

    own, step = tracks.xy[reference], np.eye(2)
    turn = np.stack([seen_by_b(own + e / 2) - seen_by_b(own - e / 2) for e in step], -1)
    turn = photos.scale[b][:, :, None] * turn / photos.scale[a][:, None, :]
    start, own_px = (tracks.xy[o] * photos.scale[v] + photos.centre[v] for o, v in ((observation, b), (reference, a)))
    return _Squares(observation, b, a, *(torch.from_numpy(x) for x in (start, own_px, turn)))


def _shifts(
    squares: _Squares, grey: Float[Tensor, "view height width"]
) -> tuple[Float[ndarray, "square 2"], Float[ndarray, "square"]]:
    """By how many pixels of its view each square moves to look most alike, and how much it does."""
    side = torch.arange(-HALF_SIDE, HALF_SIDE + 1, dtype=torch.float64)
    offset = torch.stack(torch.meshgrid(side, side, indexing="xy"), -1).reshape(-1, 2)
    weight = torch.exp(-offset.square().sum(1) / (2 * WIDTH**2)).float()
    weight /= weight.sum()
    slope = torch.gradient(grey, dim=(2, 1))
    shown = torch.stack([grey, *slope], 1)
    wanted = _standing(_sampled(shown[:, :1], squares.own, squares.own_px[:, None] + offset)[..., 0], weight)[0]
    place = torch.einsum("oij,pj->opi", squares.turn, offset) + squares.start_px[:, None]
    shift = torch.zeros_like(squares.start_px)
    for _ in range(ROUNDS):
        there = _sampled(shown, squares.view, place + shift[:, None])
        standing, contrast = _standing(there[..., 0], weight)
        J = there[..., 1:] / contrast[..., None]
        J = J - torch.einsum("p,opi->oi", weight, J)[:, None]
        H = torch.einsum("p,opi,opj->oij", weight, J, J)
        H = H + (1e-3 * H.diagonal(dim1=1, dim2=2).mean(1) + 1e-9)[:, None, None] * torch.eye(2)
        g = torch.einsum("p,opi,op->oi", weight, J, standing - wanted)
        shift = shift - torch.linalg.solve(H, g).clamp(-1, 1).double()
    standing, _ = _standing(_sampled(shown[:, :1], squares.view, place + shift[:, None])[..., 0], weight)
    return shift.numpy(), torch.einsum("p,op,op->o", weight, standing, wanted).double().numpy()


def _sampled(
    shown: Float[Tensor, "view channel height width"],
    view: Int[ndarray, "square"],
    at_px: Float64[Tensor, "square point 2"],
) -> Float[Tensor, "square point channel"]:
    """Bilinear; pixel centres at +0.5."""
    size = torch.tensor(shown.shape[:1:-1])
    out = torch.empty(*at_px.shape[:2], shown.shape[1])
    for v in range(len(shown)):
        mine = torch.from_numpy(np.flatnonzero(view == v))
        grid = (2 * at_px[mine] / size - 1).float()[None]
        drawn = torch.nn.functional.grid_sample(shown[v : v + 1], grid, padding_mode="border", align_corners=False)
        out[mine] = drawn[0].permute(1, 2, 0)
    return out


def _standing(
    values: Float[Tensor, "square point"], weight: Float[Tensor, "point"]
) -> tuple[Float[Tensor, "square point"], Float[Tensor, "square 1"]]:
    """Values over their mean, in their standard deviation; and that."""
    over = values - (values @ weight)[:, None]
    contrast = (over.square() @ weight).sqrt()[:, None] + 1e-6
    return over / contrast, contrast
