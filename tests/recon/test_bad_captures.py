"""Captures as people make them: what can be had of them is had, and what is wrong is said by name."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.config import load_config
from recon.engine import Engine
from recon.images import ImageSet, Photo
from recon.reconstruction import Reconstruction
from recon.verify import held_out_psnr
from recon.views import KnownCamera, make_views
from render.errors import CamerasError, SnapsplatError

SIZE = 128
Pictures = list[np.ndarray]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_config(["network=classical", "network.depth.planes=24"]).network, "cpu")


@pytest.fixture(scope="module")
def photos() -> Pictures:
    return room(5, (256, 192), 220.0).photos


@pytest.fixture(scope="module")
def elsewhere() -> Pictures:
    return room(5, (256, 192), 220.0, seed=7).photos


def images(photos: Pictures) -> ImageSet:
    return ImageSet(tuple(Photo(f"{i}.png", p, None, (p.shape[1], p.shape[0]), None) for i, p in enumerate(photos)))


def made(engine: Engine, photos: Pictures, known: list[KnownCamera] | None = None) -> Reconstruction | SnapsplatError:
    return engine.reconstruct([make_views(images(photos), SIZE, known)])[0]


def scene(engine: Engine, photos: Pictures) -> Reconstruction:
    answer = made(engine, photos)
    assert isinstance(answer, Reconstruction), answer
    return answer


def said(answer: Reconstruction) -> str:
    return " ".join(answer.report["warnings"])


def test_three_of_eight_that_overlap_with_nothing_are_named_and_the_rest_is_used(
    engine: Engine, photos: Pictures, elsewhere: Pictures
):
    strangers = [
        elsewhere[0],
        room(1, (256, 192), 220.0, seed=8).photos[0],
        room(1, (256, 192), 220.0, seed=9).photos[0],
    ]
    answer = scene(engine, [*photos, *strangers])
    assert answer.origin == ("solved",) * 5 + ("not registered",) * 3
    assert "Not registered" in said(answer)
    assert all(f"{i}.png" in said(answer) for i in (5, 6, 7))


def test_photos_of_another_place_are_told_from_single_strangers(engine: Engine, photos: Pictures, elsewhere: Pictures):
    answer = scene(engine, [*photos[:4], *elsewhere[1:4]])
    assert [o == "not registered" for o in answer.origin] == [False] * 4 + [True] * 3
    assert "4.png, 5.png, 6.png match each other: they seem to show another place" in said(answer)


def test_a_photo_twice_does_no_harm(engine: Engine, photos: Pictures):
    once, twice = scene(engine, photos[:3]), scene(engine, [*photos[:3], photos[1]])
    assert twice.report["registered"] == 4
    assert abs(twice.report["share_trusted"] - once.report["share_trusted"]) < 0.1


def test_a_black_photo_is_left_out(engine: Engine, photos: Pictures):
    answer = scene(engine, [*photos[:3], np.zeros_like(photos[0])])
    assert answer.origin[3] == "not registered"
    assert answer.report["verdict"] == "good"


def test_mixed_cameras_and_orientations(engine: Engine, photos: Pictures):
    turned = np.rot90(photos[1]).copy()
    smaller = cv2.resize(photos[3], None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    answer = scene(engine, [photos[0], turned, photos[2], smaller, photos[4]])
    assert answer.report["registered"] == 5
    assert answer.cameras.size_wh.tolist() == [[256, 192], [192, 256], [256, 192], [154, 115], [256, 192]]
    focal = answer.cameras.K_px[:, 0, 0]
    torch.testing.assert_close(focal, torch.tensor([220.0, 220, 220, 132, 220], dtype=focal.dtype), rtol=0.1, atol=0)


def test_a_camera_that_only_turns_is_told(engine: Engine, photos: Pictures):
    h, w = photos[0].shape[:2]
    K = np.array([[220.0, 0, w / 2], [0, 220.0, h / 2], [0, 0, 1]])
    turned = []
    for degrees in (-8, -3, 3, 8):
        a = np.radians(degrees)
        R = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        turned.append(cv2.warpPerspective(photos[2], K @ R @ np.linalg.inv(K), (w, h))[26:-26, 40:-40].copy())
    answer = scene(engine, turned)
    assert "taken from one place" in said(answer)
    assert answer.report["verdict"] == "poor"


def test_photos_left_out_are_predicted(engine: Engine, photos: Pictures):
    given = room(5, (256, 192), 220.0)
    views = make_views(images(photos), SIZE, given.known)
    (answer,) = engine.reconstruct([views])
    assert isinstance(answer, Reconstruction)
    found = held_out_psnr(engine, images(photos), answer, SIZE, 0)
    assert list(found) == ["0.png", "1.png", "3.png", "4.png"]
    inner = [found["1.png"], found["3.png"]]
    assert all(psnr is not None and psnr > 18 for psnr in inner), found


def test_too_few_photos_to_leave_one_out(engine: Engine, photos: Pictures):
    given = room(5, (256, 192), 220.0)
    (answer,) = engine.reconstruct([make_views(images(photos[:3]), SIZE, given.known[:3])])
    assert isinstance(answer, Reconstruction)
    assert held_out_psnr(engine, images(photos[:3]), answer, SIZE, 0) == {}


def test_poses_in_opengl_axes_are_refused_with_the_cause(engine: Engine, photos: Pictures):
    flip = torch.diag(torch.tensor([1.0, -1, -1, 1], dtype=torch.float64))
    wrong = [replace(k, T_world_camera=k.T_world_camera @ flip) for k in room(5, (256, 192), 220.0).known]
    answer = made(engine, photos, wrong)
    assert isinstance(answer, CamerasError)
    assert "OpenGL" in str(answer)
