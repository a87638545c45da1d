"""The scene from above, without perspective: where its surfaces are, and where the cameras stood and looked."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from recon.reconstruction import Reconstruction
from render.cameras import Cameras
from render.points import Points, points_of_view

POINTS_PER_PHOTO = 15_000
SURE = 0.05
"""Points of less confidence are left out, unless that leaves nothing."""
SEEN_PERCENTILES = (3, 97)
"""Of the points along each axis: what lies farther out may fall off the picture; cameras never do."""
MARGIN = 0.06
"""Of the picture, on every side."""
FRUSTUM = 0.12
"""Length of a drawn frustum, of the picture's shorter side."""
BACKGROUND = 24
CAMERA_COLOUR = (255, 210, 0)


@dataclass(frozen=True)
class TopFrame:
    """How the world is laid on the picture: up is towards the eye, the cameras' mean direction is up in the picture."""

    axes: Float[np.ndarray, "3 3"]
    """Rows: picture's right, picture's down, and down into the picture, as unit vectors of the world."""
    centre: Float[np.ndarray, "2"]
    """What of the first two axes falls on the middle of the picture."""
    px_per_unit: float
    size_wh: tuple[int, int]

    def pixels(self, xyz: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
        """Where points of the world fall, in pixels with centres at +0.5."""
        return (xyz @ self.axes[:2].T - self.centre) * self.px_per_unit + np.array(self.size_wh) / 2


def draw_top_view(reconstruction: Reconstruction, size_wh: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    """Points of the photos' depth in the photos' colours, each registered camera as a frustum; sRGB.

    Where points fall on each other, the one at the cameras' height is seen, so that neither a ceiling nor a floor hides
    what stands between them.
    """
    picture = np.full((size_wh[1], size_wh[0], 3), BACKGROUND, np.uint8)
    views = [view for view, origin in enumerate(reconstruction.origin) if origin != "not registered"]
    if not views:
        return picture
    cameras = reconstruction.cameras[views]
    points = _points(reconstruction, views)
    frame = top_frame(cameras, points.xyz, size_wh)
    _draw_points(picture, frame, points, cameras)
    for view in range(len(cameras)):
        _draw_camera(picture, frame, cameras[[view]])
    return picture


def top_frame(cameras: Cameras, xyz: Float[np.ndarray, "n 3"], size_wh: tuple[int, int]) -> TopFrame:
    """A frame that shows all cameras and nearly all points."""
    R = cameras.T_world_camera[:, :3, :3].numpy()
    down = _unit(R[:, :, 1].sum(0))
    ahead = R[:, :, 2].sum(0)
    ahead = ahead - (ahead @ down) * down
    if np.linalg.norm(ahead) < 1e-3 * len(R):
        # They look everywhere, or straight down: any direction will do.
        side = np.eye(3)[np.abs(down).argmin()]
        ahead = side - (side @ down) * down
    ahead = _unit(ahead)
    axes = np.stack([np.cross(down, ahead), -ahead, down])
    low, high = np.percentile(xyz @ axes[:2].T, SEEN_PERCENTILES, axis=0)
    stood = cameras.centres.numpy() @ axes[:2].T
    low, high = np.minimum(low, stood.min(0)), np.maximum(high, stood.max(0))
    room = np.array(size_wh) * (1 - 2 * MARGIN)
    scale = float((room / np.maximum(high - low, 1e-12)).min())
    return TopFrame(axes, (low + high) / 2, scale, size_wh)


def _unit(vector: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    return vector / max(np.linalg.norm(vector), 1e-12)


def _points(reconstruction: Reconstruction, views: list[int]) -> Points:
    parts = []
    for view in views:
        depth = reconstruction.depth[view].numpy()
        step = max(round((depth.size / POINTS_PER_PHOTO) ** 0.5), 1)
        camera = reconstruction.cameras[[view]]
        confidence = reconstruction.confidence[view].numpy()
        parts.append(points_of_view(camera, reconstruction.photos[view], depth, confidence, step))
    every = Points.concatenate(parts)
    sure = every.confidence > SURE
    return every[sure] if sure.sum() > len(sure) / 50 else every


def _draw_points(picture: UInt8[np.ndarray, "_ _ 3"], frame: TopFrame, points: Points, cameras: Cameras) -> None:
    height = cameras.centres.numpy().mean(0) @ frame.axes[2]
    order = np.argsort(-np.abs(points.xyz @ frame.axes[2] - height))
    x, y = np.floor(frame.pixels(points.xyz[order])).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < frame.size_wh[0] - 1) & (y < frame.size_wh[1] - 1)
    x, y, rgb = x[inside], y[inside], points.rgb[order][inside]
    for dy, dx in ((1, 1), (1, 0), (0, 1), (0, 0)):
        picture[y + dy, x + dx] = rgb


def _draw_camera(picture: UInt8[np.ndarray, "_ _ 3"], frame: TopFrame, camera: Cameras) -> None:
    """Its centre as a dot, what it sees as the outline of a pyramid."""
    width, height = (float(side) for side in camera.size_wh[0])
    K, T = camera.K_px[0].numpy(), camera.T_world_camera[0].numpy()
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    rays = np.concatenate([(corners - K[:2, 2]) / K[[0, 1], [0, 1]], np.ones((4, 1))], 1)
    length = FRUSTUM * min(frame.size_wh) / frame.px_per_unit
    world = np.concatenate([np.zeros((1, 3)), rays * length]) @ T[:3, :3].T + T[:3, 3]
    centre, *base = np.round(frame.pixels(world) - 0.5).astype(int).tolist()
    for i, corner in enumerate(base):
        cv2.line(picture, centre, corner, CAMERA_COLOUR, 1, cv2.LINE_AA)
        cv2.line(picture, corner, base[i - 1], CAMERA_COLOUR, 1, cv2.LINE_AA)
    cv2.circle(picture, centre, 3, CAMERA_COLOUR, -1, cv2.LINE_AA)
