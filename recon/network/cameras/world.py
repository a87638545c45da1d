"""Where a solved map's world lies, and how deep each view looks into it."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from recon.network.cameras.problem import SceneMap
from recon.network.cameras.tracks import Tracks

MARGIN = (0.8, 1.3)
"""Room beyond the nearest and the farthest percentile of the matched points."""
AROUND_TARGET = np.array([0.5, 2.0])
"""Depths to look at without any point, relative to that of what the cameras look at together."""
AROUND_BASELINE = np.array([1.5, 60.0])
"""And relative to the distance between cameras that look on in parallel."""
MIN_CONVERGENCE_DEG = 5.0
"""Between axes and their common direction, from which on they meet somewhere."""
FARTHEST = 15.0
"""No depth is looked for beyond this many times the median, so that nothing lies out where viewers lose it."""


def settle_world(scene: SceneMap, given: list[Float[ndarray, "4 4"] | None]) -> None:
    """Move the map, in place, to the frame that was asked for.

    With two given poses or more it is there already. With one, that view keeps its pose and the scale stays open.
    With none that is registered, the first registered view is the world, and the median depth of its points is 1.
    """
    known = [v for v, T in enumerate(given) if T is not None and scene.registered[v]]
    if len(known) > 1:
        return
    anchor = known[0] if known else int(np.flatnonzero(scene.registered)[0])
    factor = 1.0
    if not known:
        depth = scene.points[scene.solved] @ scene.R[anchor, 2] + scene.t[anchor, 2]
        factor = 1 / np.median(depth[depth > 0]) if (depth > 0).any() else 1.0
    wanted = given[anchor] if known else np.eye(4)
    assert wanted is not None
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = scene.R[anchor], scene.t[anchor] * factor
    to_new = np.linalg.inv(wanted) @ T  # from the old world, already scaled, to the new one
    scene.points = scene.points * factor @ to_new[:3, :3].T + to_new[:3, 3]
    scene.R = scene.R @ to_new[:3, :3].T
    scene.t = scene.t * factor - scene.R @ to_new[:3, 3]


def depth_ranges(scene: SceneMap, tracks: Tracks) -> Float[ndarray, "view 2"]:
    """Nearest and farthest z-depth worth looking at in each view, from the points that it sees.

    A view that sees few takes those of the others that lie in front of it. Without any, what the cameras look at
    together says it, and where they look on in parallel, the distance between them.
    """
    ranges = np.zeros((len(scene.R), 2))
    use = scene.solved[tracks.track] & ~scene.outlier
    for v in range(len(scene.R)):
        mine = tracks.track[use & (tracks.view == v)]
        points = scene.points[mine] if len(mine) >= 30 else scene.points[scene.solved]
        depth = points @ scene.R[v, 2] + scene.t[v, 2]
        depth = depth[depth > 0]
        if len(depth) >= 10:
            near, middle, far = np.percentile(depth, [1, 50, 99])
            ranges[v] = near * MARGIN[0], min(far * MARGIN[1], FARTHEST * middle)
        else:
            centres = -np.einsum("vji,vj->vi", scene.R, scene.t)[scene.registered]
            baseline = np.median(np.linalg.norm(centres[1:] - centres[:-1], axis=1)) if len(centres) > 1 else 1.0
            target = looked_at(centres, scene.R[scene.registered, 2])
            if target is not None:
                ranges[v] = AROUND_TARGET * max(scene.R[v, 2] @ target + scene.t[v, 2], 1e-9)
            else:
                ranges[v] = AROUND_BASELINE * max(float(baseline), 1e-9)
    return ranges


def looked_at(centres: Float[ndarray, "view 3"], axes: Float[ndarray, "view 3"]) -> Float[ndarray, "3"] | None:
    """The point nearest to the optical axes, which have unit length; None where they don't meet before the cameras."""
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    total = across.sum(0)
    # The smallest eigenvalue is the sum of the squared sines of the axes with their common direction.
    if np.linalg.eigvalsh(total)[0] < len(axes) * np.sin(np.radians(MIN_CONVERGENCE_DEG)) ** 2:
        return None
    target = np.linalg.solve(total, np.einsum("vij,vj->i", across, centres))
    return target if (((target - centres) * axes).sum(1) > 0).all() else None
