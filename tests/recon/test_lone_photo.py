"""One photo alone: a guess by the learned depth, said to be one; without that, a refusal."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from data_tools.room import room
from recon.config import load_config
from recon.engine import Engine
from recon.images import ImageSet, Photo
from recon.network.depth.clues import ALONE_SPAN, Clues, alone
from recon.network.depth.correction import Correction, scene_clues, unmatched
from recon.network.judge_net import JudgeNet
from recon.prediction import CameraEstimate
from recon.reconstruction import Reconstruction
from recon.reconstructor import Reconstructor
from recon.views import KnownCamera, Views, make_views
from render.cameras import Cameras
from render.errors import InputError

SIZE_WH = (128, 96)
PLANES = 16
UNKNOWN = KnownCamera(None, None)


def untrained(planes: int, std: float = 0.0) -> Correction:
    """It answers with one depth everywhere; with some `std` of its last weights, with what they make of the photo."""
    torch.manual_seed(0)
    correction = Correction(planes)
    torch.nn.init.normal_(correction.corrector.head.weight, std=std)
    return correction.eval()


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine(load_config(["network=classical", f"network.depth.planes={PLANES}"]).network, "cpu")
    engine.network.depth.correction = untrained(PLANES, std=0.1)
    return engine


def picture() -> np.ndarray:
    """Smooth waves of colour."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SIZE_WH[1], : SIZE_WH[0]] / 20
    waves = [np.sin(x * rng.uniform(-1, 1, 3)[:, None, None] + y * rng.uniform(-1, 1) + n) for n in range(5)]
    total = 127 + 20 * np.sum(waves, 0)
    return np.ascontiguousarray(total.clip(20, 235).astype(np.uint8).transpose(1, 2, 0))


def lone(
    rgb: np.ndarray, known: KnownCamera = UNKNOWN, mask: np.ndarray | None = None, exif: float | None = None
) -> Views:
    return make_views(ImageSet((Photo("a.png", rgb, mask, SIZE_WH, exif),)), SIZE_WH[0], [known])


def guessed(engine: Engine, *scenes: Views) -> list[Reconstruction]:
    answers = engine.reconstruct(scenes)
    assert all(isinstance(a, Reconstruction) for a in answers), answers
    return answers  # type: ignore[return-value]


@pytest.fixture(scope="module")
def one(engine: Engine) -> Reconstruction:
    return guessed(engine, lone(picture()))[0]


def psnr(scene: Reconstruction) -> float:
    """Of the scene drawn from its photo's camera."""
    drawn = scene.render(scene.cameras.resized(SIZE_WH)).rgb[0].clamp(0, 1)
    return float(-10 * (drawn - torch.from_numpy(scene.photos[0]) / 255).square().mean().log10())


def test_depth_is_finite_and_of_no_confidence(one: Reconstruction):
    (depth,), (confidence,) = one.depth, one.confidence
    assert depth.isfinite().all()
    assert (depth > 0).all()
    assert depth.max() <= 2 * ALONE_SPAN
    assert depth.std() > 0
    assert (confidence == 0).all()


@pytest.mark.parametrize("std", [0.0, 0.1])
def test_the_scene_drawn_from_the_photos_camera_looks_like_the_photo(std: float):
    engine = Engine(load_config(["network=classical", f"network.depth.planes={PLANES}"]).network, "cpu")
    engine.network.depth.correction = untrained(PLANES, std)
    assert psnr(guessed(engine, lone(picture()))[0]) > 25


def test_the_same_photo_gives_the_same_scene(engine: Engine, one: Reconstruction):
    (again,) = guessed(engine, lone(picture()))
    assert torch.equal(again.gaussians.means, one.gaussians.means)
    assert torch.equal(again.gaussians.sh, one.gaussians.sh)


def test_beside_another_scene_it_comes_out_as_alone(engine: Engine, one: Reconstruction):
    true = room(2, SIZE_WH, 110.0)
    photos = tuple(Photo(f"{i}.png", rgb, None, SIZE_WH, None) for i, rgb in enumerate(true.photos))
    pair = make_views(ImageSet(photos), SIZE_WH[0], true.known)
    _, batched = guessed(engine, pair, lone(picture()))
    torch.testing.assert_close(batched.depth[0], one.depth[0], atol=1e-4, rtol=1e-4)
    assert torch.equal(batched.cameras.K_px, one.cameras.K_px)
    assert len(batched.gaussians) == len(one.gaussians)


def test_it_is_said_to_be_a_guess_whatever_is_given(engine: Engine, one: Reconstruction):
    (posed,) = guessed(engine, lone(picture(), KnownCamera(one.cameras.K_px[0], one.cameras.T_world_camera[0])))
    for scene in (one, posed):
        assert scene.report["verdict"] == "poor"
        assert scene.report["quality"] == 0
        assert scene.report["verdict_because"] == ["the depth is a guess from one photo"]
        assert "a.png is alone: its depth is a guess" in scene.report["warnings"][0]
        assert scene.cameras.scale == "relative"


def test_it_stands_at_the_origin_with_the_focal_length_that_is_likeliest(engine: Engine, one: Reconstruction):
    assert one.origin == ("guessed",)
    assert torch.equal(one.cameras.T_world_camera[0], torch.eye(4, dtype=torch.float64))
    assert one.cameras.K_px[0, 0, 0].item() == pytest.approx(1.1 * SIZE_WH[0])
    (by_exif,) = guessed(engine, lone(picture(), exif=200.0))
    assert by_exif.cameras.K_px[0, 0, 0].item() == pytest.approx(200)


def test_what_is_given_is_kept_bit_for_bit_and_carries_the_scene_along(engine: Engine, one: Reconstruction):
    T = torch.eye(4, dtype=torch.float64)
    T[:3, :3] = torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=torch.float64)
    T[:3, 3] = torch.tensor([5.0, -3.0, 2.0])
    (posed,) = guessed(engine, lone(picture(), KnownCamera(one.cameras.K_px[0], T)))
    assert posed.origin == ("given",)
    assert torch.equal(posed.cameras.T_world_camera[0], T)
    assert torch.equal(posed.cameras.K_px, one.cameras.K_px)
    torch.testing.assert_close(posed.depth[0], one.depth[0], atol=1e-4, rtol=1e-4)
    assert psnr(posed) > 25


def test_what_a_mask_or_a_black_backdrop_hides_gives_no_gaussians(engine: Engine):
    mask = np.ones(SIZE_WH[::-1], bool)
    mask[:, :64] = False
    black = picture()
    black[:, :64] = 0
    for views in (lone(picture(), mask=mask), lone(black)):
        (scene,) = guessed(engine, views)
        assert scene.report["share_empty"] == pytest.approx(0.5, abs=0.01)
        drawn = scene.render(scene.cameras.resized(SIZE_WH))
        assert drawn.alpha[0, :, :56].max() < 0.05
        assert drawn.alpha[0, :, 72:].min() > 0.5


def test_sky_is_a_dome_behind_the_rest(engine: Engine):
    open_air = picture()
    open_air[:32] = (240, 244, 250)
    (scene,) = guessed(engine, lone(open_air))
    assert scene.report["share_sky"] > 0.25
    assert scene.depth[0][:28].min() > ALONE_SPAN
    assert scene.depth[0][40:].max() < scene.depth[0][:28].min()
    assert psnr(scene) > 25


def test_a_judge_has_no_say_where_there_are_no_witnesses(one: Reconstruction):
    engine = Engine(load_config(["network=classical", f"network.depth.planes={PLANES}"]).network, "cpu")
    engine.network.depth.correction, engine.network.judge = untrained(PLANES, std=0.1), JudgeNet().eval()
    (judged,) = guessed(engine, lone(picture()))
    assert torch.equal(judged.gaussians.opacities, one.gaussians.opacities)


def test_the_corrector_is_told_what_it_was_trained_with():
    """Clues of a photo that is alone are those of the same photo among others, with all that others say taken out."""
    views = lone(picture())
    K = torch.tensor([[[140.0, 0, 64], [0, 140.0, 48], [0, 0, 1]]], dtype=torch.float64)
    cameras = Cameras(K, torch.eye(4, dtype=torch.float64)[None], torch.tensor([SIZE_WH]))
    span = torch.tensor([[1.0, ALONE_SPAN]], dtype=torch.float64)
    estimate = CameraEstimate(cameras, ("guessed",), span)
    shown, sky = views.valid, torch.zeros_like(views.valid)
    tokens = untrained(PLANES).tokens
    nothing = unmatched(views.pixels, span, PLANES)
    (told,) = scene_clues(views, nothing, estimate, [0], shown, sky, tokens)
    generator = torch.Generator().manual_seed(0)
    maps = told.maps.clone()
    maps[[3, 4, 5, 6, 11]] = torch.rand(5, *maps.shape[1:], generator=generator)
    expected = alone(Clues(torch.rand(told.slices.shape, generator=generator), maps, told.tokens))
    torch.testing.assert_close(told.maps, expected.maps, atol=1e-6, rtol=0)
    assert torch.equal(told.slices, expected.slices)


def test_without_learned_depth_it_is_refused_and_the_rest_of_the_batch_is_not(tmp_path: Path):
    Image.fromarray(picture()).save(tmp_path / "a.png")
    engine = Engine(load_config(["network=classical", f"network.depth.planes={PLANES}"]).network, "cpu")
    true = room(2, SIZE_WH, 110.0)
    photos = tuple(Photo(f"{i}.png", rgb, None, SIZE_WH, None) for i, rgb in enumerate(true.photos))
    refused, fine = engine.reconstruct([lone(picture()), make_views(ImageSet(photos), SIZE_WH[0], true.known)])
    assert isinstance(refused, InputError)
    assert isinstance(fine, Reconstruction)
    sentence = r"a\.png alone was given; a scene needs 2 to 16 .*, or learned depth \(--model small\)"
    with pytest.raises(InputError, match=sentence):
        raise refused
    with pytest.raises(InputError, match=sentence):
        Reconstructor("classical").reconstruct([tmp_path / "a.png"])
