"""Asks the solver: a scene's likely pairs matched, its keypoints in reference pixels, and what is known."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from recon.network.cameras.matching import Keypoints, Matcher
from recon.network.cameras.pairs import likely_pairs
from recon.network.cameras.problem import REFERENCE_LONG_SIDE, CameraProblem
from recon.network.cameras.question import Intrinsics, Question
from recon.network.encoder import Features
from recon.views import Views


def pose_question(views: Views, features: Features, matcher: Matcher, members: list[int]) -> Question:
    """Of one scene: the views `members`."""
    size = views.original_size_wh[members].cpu().numpy().astype(float)
    scale = REFERENCE_LONG_SIDE / size.max(1)
    grid_scale = views.grid_scale[members].cpu().numpy()
    known = [views.known[v] for v in members]
    poses = [k.T_world_camera.cpu().numpy() if k.T_world_camera is not None else None for k in known]
    K = [k.K_px.cpu().numpy() if k.K_px is not None else None for k in known]
    centre = np.array([k[:2, 2] if k is not None else s / 2 for k, s in zip(K, size, strict=True)])
    focal = [np.sqrt(k[0, 0] * k[1, 1]) if k is not None else np.nan for k in K]
    aspect = np.array([np.diag(k)[:2] / f if k is not None else np.ones(2) for k, f in zip(K, focal, strict=True)])
    points = []
    for i, v in enumerate(members):
        original = features.keypoints[v].points_px / (2 * grid_scale[i])
        points.append((original - centre[i]) / aspect[i] * scale[i])
    exif = [views.focal_prior_px[v] for v in members]
    group = _focal_groups(size, exif, focal)
    first = [int(np.flatnonzero(group == g)[0]) for g in range(group.max() + 1)]
    keypoints = [features.keypoints[v] for v in members]
    chosen = likely_pairs(keypoints)
    names = tuple(views.names[v] for v in members)
    found = match_pairs(matcher, keypoints, names, chosen)
    problem = CameraProblem(
        points=points,
        pairs=dict(zip(chosen, found, strict=True)),
        focal_group=group,
        focal_known=np.array([focal[i] * scale[i] for i in first]),
        focal_prior=np.array([(exif[i] or np.nan) * scale[i] for i in first]),
        T_camera_world=[np.linalg.inv(T) if T is not None else None for T in poses],
    )
    intrinsics = Intrinsics(centre, aspect, scale, grid_scale, K)
    return Question(names, problem, intrinsics, poses, intrinsics.photos(views.fine[members]))


def match_pairs(
    matcher: Matcher, keypoints: list[Keypoints], names: Sequence[str], pairs: list[tuple[int, int]]
) -> list[Int[ndarray, "match 2"]]:
    """Matches of each pair. On a CPU a thread each: the network's layers are too small to share one well."""

    def match(pair: tuple[int, int]) -> Int[ndarray, "match 2"]:
        a, b = pair
        # The matcher is not quite symmetric: names decide who comes first, so that the order of the photos doesn't.
        if names[a] <= names[b]:
            return matcher.match(keypoints[a], keypoints[b])
        return matcher.match(keypoints[b], keypoints[a])[:, ::-1]

    on_cpu = all(k.xfeat_descriptors.device.type == "cpu" for k in keypoints)
    threads = torch.get_num_threads() if on_cpu else 1
    if threads == 1:
        return [match(pair) for pair in pairs]
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(match, pairs))
    finally:
        torch.set_num_threads(threads)  # What a thread sets is what threads that come later start with.


def _focal_groups(
    size: Float[ndarray, "member 2"], exif: list[float | None], known: list[float]
) -> Int[ndarray, "member"]:
    """Photos of one shape (either way up) and one EXIF focal were taken with one lens; a given focal stands alone."""
    keys = [
        ("given", i) if np.isfinite(k) else (*sorted(wh), round(e or 0.0))
        for i, (wh, e, k) in enumerate(zip(size.tolist(), exif, known, strict=True))
    ]
    order = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[k] for k in keys])
