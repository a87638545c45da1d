"""Pictures for a browser's camera are those of our own renderer, harmonics and all. No browser here: tests/browser."""

import asyncio
import threading
import time
from collections.abc import Callable
from unittest.mock import Mock

import numpy as np
import pytest
import torch
import viser
from scipy.spatial.transform import Rotation

from render.rasterize import rasterize
from render.view.drawing import PlacedScene
from render.view.server_drawing import MOVING_S, NOTHING_DEPTH, SMALLEST, ServerDrawing, camera_of, next_size
from render.view.similarity import Similarity
from render.view.stage import Stand, stands
from tests.render.view.viewed import small_viewed

MOVE = Similarity(Rotation.from_euler("xyz", [0.4, -2.0, 1.0]).as_matrix(), np.array([1.0, 2.0, -3.0]), 2.5)
CPU = torch.device("cpu")


def browser(stand: Stand, window_wh: tuple[int, int]) -> Mock:
    """A client as viser makes one, which stands there and keeps the pictures that it is sent."""
    client = Mock(spec=viser.ClientHandle)
    client.client_id, client._websock_connection = 7, Mock()
    client.camera = viser.CameraHandle(client)
    state = client.camera._state
    state.update_timestamp, (state.image_width, state.image_height) = 1.0, window_wh
    state.position = np.array([9.0, 9.0, 9.0])
    client.camera.up_direction = stand.up
    client.camera.position = stand.position
    client.camera.look_at = stand.look_at
    client.camera.fov = stand.fov
    client.pictures = []
    client.scene = Mock()
    client.scene.set_background_image = lambda image, **_: client.pictures.append(image)
    return client


def connected(client: Mock, *scenes: PlacedScene) -> tuple[ServerDrawing, Callable[[], None]]:
    """A drawing with this one client, and what hangs up."""
    server = Mock(spec=viser.ViserServer)
    drawing = ServerDrawing(server, scenes, CPU)
    (begin,), (end,) = server.on_client_connect.call_args.args, server.on_client_disconnect.call_args.args
    asyncio.run(begin(client))
    return drawing, lambda: asyncio.run(end(client))


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.01)


def drawn(scene, view: int) -> np.ndarray:
    """Our render from a photo's place."""
    return (rasterize(scene.gaussians, scene.cameras[[view]]).rgb[0].clamp(0, 1) * 255).round().byte().numpy()


def test_a_scene_anywhere_on_the_stage_keeps_its_harmonics():
    scene = small_viewed(coeff=16)
    assert np.abs(drawn(scene, 0).astype(int) - drawn(scene.as_shown(Similarity()), 0)).max() > 10
    drawing = ServerDrawing(Mock(spec=viser.ViserServer), [PlacedScene(scene, MOVE)], CPU)
    for view in range(3):
        picture = drawing.picture(MOVE.moved(scene.cameras[[view]]))
        assert picture is not None
        assert np.abs(picture.rgb.astype(int) - drawn(scene, view)).max() <= 1
    mine = rasterize(scene.gaussians, scene.cameras[[2]])
    solid = mine.alpha[0].numpy() > 0.6
    np.testing.assert_allclose(picture.depth[solid] / mine.depth[0].numpy()[solid], 2.5 * 1.01, rtol=1e-3)
    assert (picture.depth[mine.alpha[0].numpy() < 0.4] == NOTHING_DEPTH).all()


def test_a_browser_where_a_photo_was_taken_gets_what_our_renderer_draws():
    scene = small_viewed(coeff=16)
    turned = PlacedScene(scene, MOVE)
    stage = scene.as_shown(MOVE)
    client = browser(stands(stage)[2], (48, 32))
    np.testing.assert_allclose(camera_of(client.camera, 1.0).K_px, stage.cameras[[2]].K_px, atol=1e-6)
    _, hang_up = connected(client, turned)
    wait_for(lambda: len(client.pictures) == 2)
    # Small at once, whole when the camera rests.
    assert client.pictures[0].shape == (8, 12, 3)
    assert np.abs(client.pictures[1].astype(int) - drawn(scene, 2)).max() <= 1
    client.camera.position = stands(stage)[0].position
    client.camera.look_at = stands(stage)[0].look_at
    for moved in client.camera._state.camera_cb:
        asyncio.run(moved(client.camera))
    wait_for(lambda: client.pictures[-1].shape == (32, 48, 3) and len(client.pictures) > 2)
    assert np.abs(client.pictures[-1].astype(int) - drawn(scene, 0)).max() <= 1
    hang_up()


def test_what_is_chosen_is_drawn_anew():
    scene, other = small_viewed(), small_viewed(count=20)
    client = browser(stands(scene)[1], (48, 32))
    drawing, hang_up = connected(client, *(PlacedScene(each, Similarity()) for each in (scene, other)))
    drawing.show(1)
    wait_for(lambda: bool(client.pictures) and np.array_equal(client.pictures[-1], drawn(other, 1)))
    drawing.fade(0.0)
    wait_for(lambda: client.pictures[-1].shape == (32, 48, 3) and client.pictures[-1].max() == 0)
    drawing.show(None)
    wait_for(lambda: client.pictures[-1] is None)
    drawing.close()
    sent = len(client.pictures)
    drawing.show(0)
    time.sleep(0.1)
    assert len(client.pictures) == sent
    hang_up()


def test_a_picture_that_fails_is_told_and_the_next_one_comes(monkeypatch: pytest.MonkeyPatch):
    scene = small_viewed()
    client = browser(stands(scene)[1], (48, 32))
    monkeypatch.setattr(ServerDrawing, "picture", Mock(side_effect=RuntimeError("CUDA out of memory")))
    drawing, hang_up = connected(client, PlacedScene(scene, Similarity()))
    wait_for(lambda: client.add_notification.called)
    assert "CUDA out of memory" in client.add_notification.call_args.args
    assert not client.pictures
    monkeypatch.undo()
    drawing.fade(1.0)
    wait_for(lambda: bool(client.pictures))
    hang_up()
    drawing.close()


def test_who_comes_after_the_end_gets_no_painter():
    scene = small_viewed()
    server = Mock(spec=viser.ViserServer)
    drawing = ServerDrawing(server, [PlacedScene(scene, Similarity())], CPU)
    drawing.close()
    (begin,) = server.on_client_connect.call_args.args
    asyncio.run(begin(browser(stands(scene)[1], (48, 32))))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("painter-")]


@pytest.mark.parametrize("seconds_whole", [0.001, 0.5, 3.0])
def test_pictures_get_as_small_as_a_moving_camera_needs(seconds_whole: float):
    size = 0.25
    for _ in range(20):
        size = next_size(size, seconds_whole * size**2)
    wanted = (MOVING_S / seconds_whole) ** 0.5
    assert size == pytest.approx(min(max(wanted, SMALLEST), 1.0))
