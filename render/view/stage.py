"""A scene on viser's stage: Gaussians, cameras and points as nodes that an app can change and a page can keep."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import rich
import torch
import viser
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from render.cells import coloured_by_confidence, coloured_by_depth
from render.gaussians import Gaussians
from render.points import Points
from render.sh import sh0_to_rgb
from render.view.scene import ViewedScene

FRUSTUM_OF_GAP = 0.3
"""Size of a frustum, of the median way from a camera to the nearest other."""
LARGEST_FRUSTUM = 0.15
POINT_SIZE = 0.006
JPEG_QUALITY = 80


@dataclass(frozen=True)
class Stand:
    """Where one camera stood, as viser asks for it."""

    wxyz: Float[np.ndarray, "4"]
    position: Float[np.ndarray, "3"]
    look_at: Float[np.ndarray, "3"]
    up: Float[np.ndarray, "3"]
    fov: float
    """Vertical, in radians."""
    aspect: float


def stands(scene: ViewedScene) -> list[Stand]:
    """One for each camera of `scene`."""
    made = []
    for K, T, (width, height) in zip(
        scene.cameras.K_px.tolist(), scene.cameras.T_world_camera.numpy(), scene.cameras.size_wh.tolist(), strict=True
    ):
        fov = 2 * float(np.arctan(height / (2 * K[1][1])))
        quat = Rotation.from_matrix(T[:3, :3]).as_quat(scalar_first=True)
        made.append(Stand(quat, T[:3, 3], T[:3, 3] + T[:3, 2] * scene.distance, -T[:3, 1], fov, width / height))
    return made


@contextlib.contextmanager
def quiet_server(port: int = 0) -> Iterator[viser.ViserServer]:
    """A server for this machine alone, which says nothing; port 0 is any that is free."""
    with _unheard():
        server = viser.ViserServer(host="127.0.0.1", port=port, verbose=False)
    try:
        yield server
    finally:
        with _unheard():
            server.stop()


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """viser tells by rich that it listens: on stdout, but in a notebook as what a cell shows."""
    console = rich.get_console()
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before


def set_out(server: viser.ViserServer, scene: ViewedScene) -> None:
    """Which way is up, and the first camera's place as the one to begin at."""
    first = stands(scene)[0]
    server.scene.set_up_direction(scene.up)
    server.scene.world_axes.visible = False
    server.initial_camera.position = first.position
    server.initial_camera.look_at = first.look_at
    server.initial_camera.up = first.up
    server.initial_camera.fov = first.fov


def add_splats(server: viser.ViserServer, name: str, gaussians: Gaussians) -> viser.GaussianSplatHandle:
    """Gaussians of degree 0."""
    R = Rotation.from_quat(gaussians.quats_wxyz.numpy(), scalar_first=True).as_matrix()
    half = R * gaussians.scales.numpy()[:, None]
    return server.scene.add_gaussian_splats(
        name,
        centers=gaussians.means.numpy(),
        covariances=half @ half.transpose(0, 2, 1),
        rgbs=sh0_to_rgb(gaussians.sh[:, 0]).clamp(0, 1).numpy(),
        opacities=gaussians.opacities[:, None].numpy(),
    )


def add_frustums(server: viser.ViserServer, scene: ViewedScene) -> list[viser.CameraFrustumHandle]:
    """One for each camera with its picture; the first is hidden, since one stands in it at the beginning."""
    size = _frustum_size(scene)
    frustums = []
    for view, (stand, name) in enumerate(zip(stands(scene), scene.names, strict=True)):
        frustums.append(
            server.scene.add_camera_frustum(
                f"/cameras/{view:02d} {name.replace('/', ' ')}",
                stand.fov,
                stand.aspect,
                scale=size,
                thickness=size / 25,
                color=(255, 210, 0),
                image=scene.pictures[view],
                format="jpeg",
                jpeg_quality=JPEG_QUALITY,
                wxyz=stand.wxyz,
                position=stand.position,
                visible=view > 0,
            )
        )
    return frustums


def _frustum_size(scene: ViewedScene) -> float:
    apart = torch.cdist(scene.cameras.centres, scene.cameras.centres)
    apart.fill_diagonal_(torch.inf)
    gap = float(apart.min(1).values.median())
    return float(np.clip(FRUSTUM_OF_GAP * gap, LARGEST_FRUSTUM / 10, LARGEST_FRUSTUM))


def point_colours(points: Points, by: str) -> UInt8[np.ndarray, "n 3"]:
    """Of each point: that of its photo, or of its `depth` or `confidence`."""
    if by == "photo" or not len(points):
        return points.rgb
    if by == "depth":
        return coloured_by_depth([1 / points.depth[None]])[0][0]
    return coloured_by_confidence(points.confidence[None])[0]


def add_points(server: viser.ViserServer, points: Points, by: str) -> viser.PointCloudHandle:
    """Points of the depth maps, hidden at first."""
    return server.scene.add_point_cloud(
        "/points", points.xyz, point_colours(points, by), point_size=POINT_SIZE, precision="float32", visible=False
    )
