"""From above: cameras where they stand, whichever way the world lies."""

from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from recon.reconstruction import Reconstruction
from recon.top_view import CAMERA_COLOUR, draw_top_view, top_frame
from render.cameras import Cameras
from render.points import points_of_view
from tests.recon.small_scene import small_reconstruction

SIZE_WH = (300, 200)


def scene_of(T_world_camera: torch.Tensor) -> Reconstruction:
    scene = small_reconstruction()
    cameras = replace(scene.cameras, T_world_camera=T_world_camera)
    return replace(scene, cameras=cameras, origin=("solved",) * 3)


def standing(places: list[tuple[float, float, float]]) -> torch.Tensor:
    """Level cameras that look along +z."""
    T = torch.eye(4, dtype=torch.float64).repeat(len(places), 1, 1)
    T[:, :3, 3] = torch.tensor(places, dtype=torch.float64)
    return T


PLACES = [(0.0, 0.0, 0.0), (1.5, 0.2, 0.0), (0.0, -0.1, -1.0)]


def yellow(picture: np.ndarray, at_xy: np.ndarray) -> bool:
    x, y = np.floor(at_xy).astype(int)
    return bool((picture[y, x] == CAMERA_COLOUR).all())


def test_cameras_are_drawn_where_they_stand():
    scene = scene_of(standing(PLACES))
    points = np.concatenate(
        [
            points_of_view(scene.cameras[[v]], scene.photos[v], scene.depth[v].numpy(), scene.confidence[v].numpy()).xyz
            for v in range(3)
        ]
    )
    frame = top_frame(scene.cameras, points, SIZE_WH)
    picture = draw_top_view(scene, SIZE_WH)
    first, right, behind = frame.pixels(scene.cameras.centres.numpy())
    # To the right is right, ahead is up, in one scale; height does not matter.
    np.testing.assert_allclose(right - first, [1.5 * frame.px_per_unit, 0], atol=1e-9)
    np.testing.assert_allclose(behind - first, [0, 1.0 * frame.px_per_unit], atol=1e-9)
    dots = [np.array([x, y]) for y, x in np.argwhere((picture == CAMERA_COLOUR).all(-1))]
    for place in (first, right, behind):
        assert yellow(picture, place)
        # The frustum opens upwards in the picture: more yellow there than below.
        near = [dot for dot in dots if abs(dot[0] - place[0]) < 12 and 4 < abs(dot[1] - place[1]) < 20]
        assert sum(dot[1] < place[1] for dot in near) > sum(dot[1] > place[1] for dot in near)


def test_moving_the_world_leaves_the_picture():
    scene = scene_of(standing(PLACES))
    move = torch.eye(4, dtype=torch.float64)
    move[:3, :3] = torch.from_numpy(Rotation.from_euler("xyz", [0.7, -1.1, 2.0]).as_matrix())
    move[:3, 3] = torch.tensor([3.0, -5.0, 7.0])
    moved = scene_of(move @ scene.cameras.T_world_camera)
    differing = (draw_top_view(scene, SIZE_WH) != draw_top_view(moved, SIZE_WH)).any(-1)
    assert differing.mean() < 0.01


def test_points_lie_where_depth_says():
    camera = Cameras(
        K_px=torch.tensor([[[10.0, 0, 4], [0, 10, 3], [0, 0, 1]]], dtype=torch.float64),
        T_world_camera=standing([(1.0, 2.0, 3.0)]),
        size_wh=torch.tensor([[8, 6]]),
    )
    photo = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    depth = np.full((6, 8), 5, np.float32)
    points = points_of_view(camera, photo, depth, depth / 10)
    assert len(points.xyz) == 48
    # Pixel (x 7, y 0) has its centre at (7.5, 0.5).
    np.testing.assert_allclose(points.xyz[7], [1 + 3.5 / 10 * 5, 2 - 2.5 / 10 * 5, 8])
    np.testing.assert_array_equal(points.rgb[7], photo[0, 7])
    assert points.confidence[7] == 0.5


def test_cameras_straight_down_and_no_cameras_have_a_picture():
    down = standing(PLACES)
    down[:, :3, :3] = torch.from_numpy(Rotation.from_euler("x", -90, degrees=True).as_matrix())
    assert (draw_top_view(scene_of(down), SIZE_WH) == CAMERA_COLOUR).all(-1).sum() > 50
    none = replace(scene_of(down), origin=("not registered",) * 3)
    assert draw_top_view(none, SIZE_WH).std() == 0
