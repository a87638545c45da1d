"""The whole pass on a room that is known: laws that must hold whatever the stages are made of."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from data_tools.room import Room, room
from recon.config import load_config
from recon.engine import Engine
from recon.images import ImageSet, Photo
from recon.network.cameras.hypotheses import solve
from recon.reconstruction import Reconstruction
from recon.views import KnownCamera, Views, make_views, pack_views
from render.cameras import Cameras
from render.errors import CamerasError, ReconstructionError
from render.rasterize import rasterize

SIZE = 192
SMALL = 96


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_config(["network=classical", "network.depth.planes=32"]).network, "cpu")


def views_of(
    scene: Room, known: list[KnownCamera] | None = None, chosen: list[int] | None = None, size: int = SIZE
) -> Views:
    chosen = chosen if chosen is not None else list(range(len(scene.photos)))
    photos = []
    for i in chosen:
        height, width = scene.photos[i].shape[:2]
        photos.append(Photo(f"{i}.png", scene.photos[i], None, (width, height), None))
    return make_views(ImageSet(tuple(photos)), size, [known[i] for i in chosen] if known else None)


def solved(engine: Engine, *scenes: Views) -> list[Reconstruction]:
    answers = engine.reconstruct(scenes)
    assert all(isinstance(a, Reconstruction) for a in answers), answers
    return answers  # type: ignore[return-value]


@pytest.fixture(scope="module")
def three() -> Room:
    return room(3)


@pytest.fixture(scope="module")
def posed(engine: Engine, three: Room) -> Reconstruction:
    return solved(engine, views_of(three, three.known))[0]


def relative_angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    cosine = (np.trace(a[:3, :3].T @ b[:3, :3]) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def test_given_cameras_come_out_bit_for_bit(posed: Reconstruction, three: Room):
    assert torch.equal(posed.cameras.K_px, three.cameras.K_px)
    assert torch.equal(posed.cameras.T_world_camera, three.cameras.T_world_camera)
    assert posed.origin == ("given",) * 3


def test_depth_is_that_of_the_room(posed: Reconstruction, three: Room):
    for found, true in zip(posed.depth, three.depth, strict=True):
        rows = ((np.arange(found.shape[0]) + 0.5) * true.shape[0] / found.shape[0]).astype(int)
        columns = ((np.arange(found.shape[1]) + 0.5) * true.shape[1] / found.shape[1]).astype(int)
        error = np.abs(found.numpy() / true[rows][:, columns] - 1)
        assert np.isfinite(found.numpy()).all()
        assert (found > 0).all()
        assert np.median(error) < 0.01
        assert (error < 0.05).mean() > 0.9


def test_the_scene_drawn_from_a_photos_camera_looks_like_the_photo(posed: Reconstruction):
    w, h = posed.photos[1].shape[1::-1]
    drawn = posed.render(posed.cameras[[1]].resized((w, h))).rgb[0].clamp(0, 1)
    mse = ((drawn - torch.from_numpy(posed.photos[1]) / 255) ** 2).mean()
    assert -10 * torch.log10(mse) > 22


def test_moving_the_given_cameras_moves_the_scene_with_them(engine: Engine, three: Room, posed: Reconstruction):
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3] = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    T[:3, 3] = torch.tensor([5.0, -3.0, 2.0])
    known = [KnownCamera(k.K_px, T @ k.T_world_camera) for k in three.known if k.T_world_camera is not None]
    (moved,) = solved(engine, views_of(three, known))
    for a, b in zip(moved.depth, posed.depth, strict=True):
        assert ((a / b - 1).abs() < 1e-3).float().mean() > 0.99
    middle = (T[:3, :3] @ posed.gaussians.means.double().mean(0) + T[:3, 3]).float()
    torch.testing.assert_close(moved.gaussians.means.mean(0), middle, atol=0.02, rtol=0)


def test_a_scene_can_be_trained_on(posed: Reconstruction):
    colours = posed.gaussians.sh.clone().requires_grad_()
    camera = posed.cameras[[0]].resized((96, 72))
    rasterize(replace(posed.gaussians, sh=colours), camera).rgb.mean().backward()
    assert colours.grad is not None
    assert colours.grad.abs().sum() > 0


def test_metres_need_two_given_poses(engine: Engine, three: Room):
    for poses, scale in ((1, "relative"), (3, "metric")):
        known = [k if i < poses else KnownCamera(k.K_px, None) for i, k in enumerate(three.known)]
        (answer,) = solved(engine, replace(views_of(three, known), metric=(True,)))
        assert answer.cameras.scale == scale


def test_photos_of_several_shapes_and_a_stranger_among_them(engine: Engine, three: Room):
    tall = np.ascontiguousarray(three.photos[1][:, 60:-60])
    photos = [three.photos[0], tall, three.photos[2], room(1, seed=7).photos[0]]
    images = [Photo(f"{i}.png", p, None, (p.shape[1], p.shape[0]), None) for i, p in enumerate(photos)]
    (answer,) = solved(engine, make_views(ImageSet(tuple(images)), SIZE))
    assert answer.origin == ("solved", "solved", "solved", "not registered")
    assert "3.png" in answer.report["warnings"][0]
    assert [p.shape[1] < p.shape[0] for p in answer.photos] == [False, True, False, False]
    for depth, photo in zip(answer.depth, answer.photos, strict=True):
        assert depth.shape == photo.shape[:2]
        assert (depth > 0).all()
        assert depth.isfinite().all()
    found = answer.cameras.T_world_camera.numpy()
    truth = three.cameras.T_world_camera.numpy()
    true, own = np.linalg.inv(truth[0]) @ truth[2], np.linalg.inv(found[0]) @ found[2]
    assert relative_angle_deg(true, own) < 1.0


def test_without_cameras_the_poses_are_found(engine: Engine, three: Room):
    (answer,) = solved(engine, views_of(three))
    truth = three.cameras.T_world_camera.numpy()
    found = answer.cameras.T_world_camera.numpy()
    for a, b in ((0, 1), (0, 2), (1, 2)):
        true, own = np.linalg.inv(truth[a]) @ truth[b], np.linalg.inv(found[a]) @ found[b]
        assert relative_angle_deg(true, own) < 1.0
        directions = [T[:3, 3] / np.linalg.norm(T[:3, 3]) for T in (true, own)]
        assert np.degrees(np.arccos(np.clip(directions[0] @ directions[1], -1, 1))) < 2.0
    assert answer.cameras.K_px[0, 0, 0].item() == pytest.approx(330.0, rel=0.05)
    assert answer.origin == ("solved",) * 3


def test_a_pose_that_is_given_for_one_view_only_is_kept_exactly(engine: Engine, three: Room):
    known = [
        KnownCamera(three.cameras.K_px[0], None),
        KnownCamera(None, three.cameras.T_world_camera[1]),
        KnownCamera(None, None),
    ]
    (answer,) = solved(engine, views_of(three, known))
    assert torch.equal(answer.cameras.T_world_camera[1], three.cameras.T_world_camera[1])
    assert torch.equal(answer.cameras.K_px[0], three.cameras.K_px[0])
    assert answer.origin == ("solved", "given", "solved")


def test_colours_change_with_direction_and_the_constant_one_is_the_photos(posed: Reconstruction):
    scene = posed.gaussians
    assert scene.sh_degree == 1
    assert (scene.sh[:, 1:].abs() > 1e-3).any()
    height, width = posed.photos[0].shape[:2]
    camera = posed.cameras[[0]].resized((width, height))
    photo = torch.from_numpy(posed.photos[0]) / 255
    for sh in (scene.sh, scene.sh[:, :1]):
        drawn = rasterize(replace(scene, sh=sh), camera).rgb[0]
        assert -10 * torch.log10((drawn - photo).square().mean()) > 25


def test_the_same_photos_give_the_same_scene(engine: Engine, three: Room):
    one, two = (solved(engine, views_of(three))[0] for _ in range(2))
    assert torch.equal(one.gaussians.means, two.gaussians.means)
    assert torch.equal(one.cameras.K_px, two.cameras.K_px)


def test_a_batch_of_two_scenes_equals_each_alone(engine: Engine, three: Room):
    other = room(2, seed=5)
    packs = [views_of(three, three.known), views_of(other)]
    together = solved(engine, *packs)
    for scene, (pack, batched) in enumerate(zip(packs, together, strict=True)):
        (alone,) = solved(engine, pack)
        for a, b in zip(alone.depth, batched.depth, strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(alone.cameras.T_world_camera, batched.cameras.T_world_camera, atol=1e-4, rtol=1e-4)
        w, h = alone.photos[0].shape[1::-1]
        camera = alone.cameras[[0]].resized((w, h))
        mse = ((alone.render(camera).rgb - batched.render(camera).rgb) ** 2).mean()
        assert -10 * torch.log10(mse.clamp_min(1e-12)) > 50, f"scene {scene}"


@torch.no_grad()
def test_scenes_of_one_pack_do_not_touch_each_other_in_any_tensor_of_the_network(engine: Engine, three: Room):
    """Of two views whose cameras are found, and of three whose cameras are given."""
    scenes = [views_of(room(2, seed=5), size=SMALL), views_of(three, three.known, size=SMALL)]
    together = engine.network(pack_views(scenes))
    first = 0
    for scene, views in enumerate(scenes):
        alone, own = engine.network(views), slice(first, first + len(views))
        first += len(views)
        assert together.cameras.origin[own] == alone.cameras.origin
        assert "not registered" not in alone.cameras.origin
        for part in ("cameras", "depth", "gaussians", "backstop"):
            for name, expected in tensors(getattr(alone, part)).items():
                found = tensors(getattr(together, part))[name][own]
                torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4, msg=f"scene {scene}: {part}.{name}")


def tensors(of: object) -> dict[str, torch.Tensor]:
    """Of one of the network's answers, by name; true and false as one and zero."""
    found: dict[str, torch.Tensor] = {}
    for name, value in vars(of).items():
        if isinstance(value, Cameras):
            found.update(tensors(value))
        elif isinstance(value, torch.Tensor):
            found[name] = value.float() if value.dtype == torch.bool else value
    return found


def test_another_run_may_come_between_the_parts_of_one(engine: Engine, three: Room):
    views, said = views_of(three, three.known, size=SMALL), []
    (whole,) = solved(engine, views)
    run = engine.begin([views], lambda stage, _: said.append(stage))
    answers = [solve(question, 0) for question in run.look()]
    engine.begin([views_of(room(2, seed=5), size=SMALL)]).look()
    (found,) = run.build(answers)
    assert isinstance(found, Reconstruction)
    assert torch.equal(found.gaussians.means, whole.gaussians.means)
    assert torch.equal(found.cameras.T_world_camera, whole.cameras.T_world_camera)
    assert list(found.report["stages"]) == list(whole.report["stages"])
    assert said == ["encoder", "cameras", "depth", "gaussians"]


def test_the_order_of_given_views_only_orders_the_answer(engine: Engine, three: Room, posed: Reconstruction):
    order = [2, 0, 1]
    (turned,) = solved(engine, views_of(three, three.known, order))
    for place, view in enumerate(order):
        close = (turned.depth[place] / posed.depth[view] - 1).abs() < 1e-3
        assert close.float().mean() > 0.99


def test_photos_of_different_places_are_called_a_guess(engine: Engine):
    strangers = replace(room(1), photos=[room(1, seed=3).photos[0], room(1, seed=4).photos[0]])
    (answer,) = solved(engine, views_of(strangers))
    assert "the cameras are a guess" in answer.report["warnings"][0]
    assert "solved" not in answer.origin


def test_photos_without_anything_to_match_are_refused_and_leave_the_rest_of_the_batch_alone(
    engine: Engine, three: Room
):
    blank = replace(three, photos=[np.full((288, 384, 3), 90, np.uint8)] * 2)
    refused, fine = engine.reconstruct([views_of(blank), views_of(three, three.known)])
    assert isinstance(refused, ReconstructionError)
    assert "No two photos" in str(refused)
    assert isinstance(fine, Reconstruction)


def test_poses_written_down_as_their_inverse_are_refused_with_the_cause(engine: Engine, three: Room):
    inverse = [KnownCamera(k.K_px, torch.linalg.inv(k.T_world_camera)) for k in three.known]
    (answer,) = engine.reconstruct([views_of(three, inverse)])
    assert isinstance(answer, CamerasError)
    assert "world-to-camera matrices; invert them" in str(answer)
