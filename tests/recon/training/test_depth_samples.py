"""What the depth corrector learns from: true depth beside what a run knows, through files and turns."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.network.depth.clues import ALONE_SPAN, from_share
from recon.training import depth_samples
from recon.training.depth_samples import DepthSample, DepthSampler, from_bytes, to_bytes
from recon.training.depth_task import augmented, by_itself
from recon.training.scenes import TrainingScene
from render.errors import InputError


@pytest.fixture(scope="module")
def scene() -> TrainingScene:
    true = room(3, (192, 128), 165.0)
    depth = tuple(z.astype(np.float32) for z in true.depth)
    return TrainingScene("corner", tuple(true.photos), true.cameras, depth)


@pytest.fixture(scope="module", autouse=True)
def _all_together_with_true_cameras() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depth_samples, "ERRORS", 0.0)
        patch.setattr(depth_samples, "PAIRS", 0.0)
        yield


@pytest.fixture(scope="module")
def samples(scene: TrainingScene) -> list[DepthSample]:
    return DepthSampler(96)(scene, 0)


def test_matching_is_right_where_it_is_sure(samples: list[DepthSample]) -> None:
    for sample in samples:
        counted = sample.clues.sure & sample.known
        assert counted.float().mean() > 0.5
        assert (sample.clues.found - sample.truth)[counted].abs().median() < 0.5 / 63


def test_the_truth_is_the_scene_s(scene: TrainingScene, samples: list[DepthSample]) -> None:
    assert scene.depth is not None
    for sample, depth in zip(samples, scene.depth, strict=True):
        assert sample.known.all()
        inner = torch.from_numpy(depth)[1::2, 1::2]
        inverse = from_share(sample.truth, torch.tensor([1.0, 2.0]))
        # Any range makes a straight line of the other.
        x, y = inverse.flatten(), (1 / inner).flatten()
        assert torch.corrcoef(torch.stack([x, y]))[0, 1] > 0.999


def test_unknown_depth_and_sky_are_told_apart(scene: TrainingScene) -> None:
    assert scene.depth is not None
    depth = [z.copy() for z in scene.depth]
    depth[0][:40], depth[0][100:] = np.inf, 0
    sample = DepthSampler(96)(TrainingScene("open", scene.photos, scene.cameras, tuple(depth)), 0)[0]
    assert sample.sky[:19].all()
    assert not sample.sky[21:].any()
    assert sample.known[21:49].all()
    assert not sample.known[51:].any()
    assert not sample.known[:19].any()
    assert sample.truth.isfinite().all()


def test_through_a_file_it_stays_what_it_is(samples: list[DepthSample]) -> None:
    back = from_bytes(to_bytes(samples[0]))
    assert torch.equal(back.truth, samples[0].truth)
    assert torch.equal(back.known, samples[0].known)
    assert torch.equal(back.clues.found, samples[0].clues.found)
    assert torch.equal(back.clues.sure, samples[0].clues.sure)
    assert (back.clues.slices - samples[0].clues.slices).abs().max() < 0.005
    assert (back.clues.maps - samples[0].clues.maps).abs().max() < 0.005


def test_turns_are_repeatable_and_mirror_everything_together(samples: list[DepthSample]) -> None:
    seen = set()
    for seed in range(12):
        turned, again = (augmented(samples[0], np.random.default_rng(seed)) for _ in range(2))
        assert torch.equal(turned.clues.maps, again.clues.maps)
        assert torch.equal(turned.truth, again.truth)
        if not turned.clues.sure.any():
            continue  # Alone.
        mirrored = torch.equal(turned.truth, samples[0].truth.flip(-1))
        seen.add(mirrored)
        original = samples[0].clues
        assert torch.equal(turned.clues.found, original.found.flip(-1) if mirrored else original.found)
        assert torch.equal(turned.clues.slices, original.slices.flip(-1) if mirrored else original.slices)
        # A mirrored picture is one that a camera could have taken: rays point to their own pixels.
        assert turned.clues.maps[9, 0, 0] < 0 < turned.clues.maps[9, 0, -1]
    assert seen == {True, False}


def test_two_by_two_no_photo_is_left_out(scene: TrainingScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_samples, "PAIRS", 1.0)
    assert scene.depth is not None
    again = [0, 1, 2, 1]
    four = TrainingScene(
        "four", tuple(scene.photos[v] for v in again), scene.cameras[again], tuple(scene.depth[v] for v in again)
    )
    for some, count in ((scene, 3), (four, 4)):
        samples = DepthSampler(96)(some, 0)
        assert len(samples) == count
        for sample, photo in zip(samples, some.photos, strict=True):
            wanted = torch.from_numpy(photo).float().mean((0, 1)) / 255 - 0.5
            torch.testing.assert_close(sample.clues.maps[:3].mean((1, 2)), wanted, atol=0.01, rtol=0)


def test_alone_a_photo_keeps_its_true_depth_but_for_scale(samples: list[DepthSample]) -> None:
    lonely = by_itself(samples[0])
    near, far = (from_share(s.truth, torch.tensor([1.0, wide])) for s, wide in (
        (lonely, ALONE_SPAN), (samples[0], float(samples[0].clues.maps[11, 0, 0].exp()))
    ))  # fmt: skip
    torch.testing.assert_close(near, far, atol=1e-4, rtol=0)
    assert not lonely.clues.sure.any()
    assert (lonely.clues.slices == 0).all()
    assert torch.equal(lonely.clues.maps[:3], samples[0].clues.maps[:3])


def test_without_depth_nothing_is_learned(scene: TrainingScene) -> None:
    with pytest.raises(InputError, match="corner has none"):
        DepthSampler(96)(TrainingScene("corner", scene.photos, scene.cameras, None), 0)
