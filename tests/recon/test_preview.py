"""The preview: a good run looks good, a bad one bad, and each picture is where its row says."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from recon.preview import GAP_PX, LABEL_PX, ROWS, make_preview
from recon.reconstruction import Reconstruction
from tests.recon.small_scene import small_reconstruction

HEIGHT, WIDTH = 32, 48


def rows(scene: Reconstruction) -> dict[str, list[np.ndarray]]:
    """The cells of a preview, by the name of their row."""
    preview = make_preview(scene).astype(int)
    cells = {}
    for y, name in enumerate(ROWS):
        row = preview[y * (HEIGHT + GAP_PX) : y * (HEIGHT + GAP_PX) + HEIGHT]
        starts = [LABEL_PX + x * (WIDTH + GAP_PX) for x in range(len(scene.names))]
        cells[name] = [row[:, start : start + WIDTH] for start in starts]
    return cells


def of_its_own_photos(gain: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Reconstruction:
    """A scene that shows exactly what its photos show, which were taken with an exposure of their own."""
    scene = small_reconstruction()
    drawn = scene.render(scene.cameras.resized((WIDTH, HEIGHT))).rgb
    photos = (drawn / torch.tensor(gain)).clamp(0, 1).mul(255).round().byte().numpy()
    return replace(scene, photos=tuple(photos), gain=torch.tensor(gain).expand(3, 3).clone())


@pytest.mark.parametrize("gain", [(1.0, 1.0, 1.0), (1.25, 1.1, 0.95)])
def test_a_perfect_scene_has_a_dark_difference(gain: tuple[float, float, float]):
    for cell in rows(of_its_own_photos(gain))["difference"]:
        assert cell.max() < 16


def test_a_wrong_scene_has_a_bright_one():
    scene = of_its_own_photos()
    wrong = replace(scene, photos=tuple(255 - photo for photo in scene.photos))
    assert min(cell.mean() for cell in rows(wrong)["difference"][:2]) > 100


def test_every_row_shows_what_it_says():
    scene = small_reconstruction(photo_value=128)
    cells = rows(scene)
    for column, confidence in enumerate(scene.confidence):
        assert (cells["photo"][column] == 128).all()
        assert cells["depth"][column].std() > 10
        np.testing.assert_allclose(cells["confidence"][column][..., 0], confidence.numpy() * 255, atol=0.51)
    for cell in cells["render"][:2]:
        # Red Gaussians on black.
        assert cell[..., 0].max() > 150
        assert cell[..., 1:].max() < 60


def test_a_photo_without_a_camera_has_no_render():
    cells = rows(small_reconstruction())
    assert (cells["render"][2] == 0).all()
    assert (cells["difference"][2] == 0).all()


def test_of_many_large_photos_four_are_shown_small():
    scene = small_reconstruction()
    each = tuple(np.full((400, 600, 3), value, np.uint8) for value in range(0, 250, 25))
    maps = tuple(torch.linspace(1, 2, 240_000).reshape(400, 600) for _ in each)
    ten = [0] * len(each)
    many = replace(
        scene,
        cameras=scene.cameras[ten],
        origin=("given",) * 10,
        names=tuple("abcdefghij"),
        depth=maps,
        confidence=maps,
        photos=each,
        gain=torch.ones(10, 3),
    )
    preview = make_preview(many)
    assert preview.shape[0] == 5 * 149 + 4 * GAP_PX
    assert [int(preview[70, LABEL_PX + x * (224 + GAP_PX) + 100, 0]) for x in range(4)] == [0, 75, 150, 225]
