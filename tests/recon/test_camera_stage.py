"""The camera stage around its solver: matching in threads, and the choice between maps that fit as well."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from data_tools.room import room
from recon.images import ImageSet, Photo
from recon.network.cameras import hypotheses
from recon.network.cameras.asked import match_pairs
from recon.network.cameras.matching import Matcher
from recon.network.cameras.stage import ClassicalCameras
from recon.network.encoder import Encoder, Features
from recon.prediction import CameraEstimate
from recon.views import Views, make_views, pack_views

SIZE_WH = (256, 192)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(256, 256, 0.85)


@pytest.fixture(scope="module")
def seen(matcher: Matcher) -> tuple[Views, Features]:
    true = room(3, SIZE_WH, 220.0)
    photos = tuple(Photo(f"{i}.png", pixels, None, SIZE_WH, None) for i, pixels in enumerate(true.photos))
    views = make_views(ImageSet(photos), 256)
    return views, Encoder(matcher)(views)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_pairs_matched_in_threads_are_those_matched_alone(matcher: Matcher, seen: tuple[Views, Features]) -> None:
    keypoints, names = list(seen[1].keypoints), ["b", "a", "c"]
    pairs = [(0, 1), (0, 2), (1, 2)]
    together = match_pairs(matcher, keypoints, names, pairs)
    for (a, b), found in zip(pairs, together, strict=True):
        first, second = (a, b) if names[a] <= names[b] else (b, a)
        alone = matcher.match(keypoints[first], keypoints[second])
        assert np.array_equal(found, alone if (first, second) == (a, b) else alone[:, ::-1])
        assert len(found) > 30


@pytest.mark.usefixtures("two_threads")
def test_matching_leaves_later_threads_their_share_of_the_processor(
    matcher: Matcher, seen: tuple[Views, Features]
) -> None:
    match_pairs(matcher, list(seen[1].keypoints), ["a", "b", "c"], [(0, 1), (1, 2)])
    counted = []
    later = threading.Thread(target=lambda: counted.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert counted == [2]
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("favoured", "gain", "expected"), [(1, 1.5, 1), (1, 1.001, 0), (0, 1.5, 0)])
def test_another_map_is_taken_if_photos_agree_clearly_better_on_it(
    matcher: Matcher,
    seen: tuple[Views, Features],
    monkeypatch: pytest.MonkeyPatch,
    favoured: int,
    gain: float,
    expected: int,
) -> None:
    """In the second scene of a pack, of two maps that differ in their focal length."""
    solve, maps = hypotheses.solve_cameras, []

    def two_maps(problem, seed):
        ((scene, tracks), *_) = solve(problem, seed)
        maps[:] = [(scene, tracks), (replace(scene, focal=1.3 * scene.focal), tracks)]
        return maps

    def verifier(views: Views, features: Features, estimate: CameraEstimate) -> float:
        assert len(views) == len(features.keypoints) == len(estimate.cameras) == 3
        focal = float(views.to_originals(estimate.cameras).K_px[0, 0, 0])
        index = int(np.argmin([abs(focal * 3 - scene.focal[0]) for scene, _ in maps]))
        return gain if index == favoured else 1.0

    monkeypatch.setattr(hypotheses, "solve_cameras", two_maps)
    monkeypatch.setattr(hypotheses, "finished", lambda _, scene, tracks, *__: (scene, tracks, np.zeros((3, 2))))
    views, features = seen
    both = Features(features.keypoints * 2, features.descriptors.repeat(2, 1, 1, 1))
    found = ClassicalCameras(matcher, verifier)(pack_views([views, views]), both, 0)
    for first in (0, 3):
        focal = float(pack_views([views, views]).to_originals(found.cameras).K_px[first, 0, 0])
        assert focal * 3 == pytest.approx(maps[expected][0].focal[0], rel=1e-6)
