"""Photos on the working grid: their pixels and their intrinsics move together, and scenes pack and unpack."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from recon.images import ImageSet, Photo
from recon.views import KnownCamera, Views, make_views, pack_views, unpack_views


def photo(name: str, size_wh: tuple[int, int], mask: np.ndarray | None = None, seed: int = 0) -> Photo:
    rgb = np.random.default_rng(seed).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    return Photo(name, rgb, mask, size_wh, focal_prior_px=1.5 * size_wh[0])


def image_set(*sizes_wh: tuple[int, int]) -> ImageSet:
    return ImageSet(tuple(photo(f"{i}.jpg", size_wh, seed=i) for i, size_wh in enumerate(sizes_wh)))


def assert_same(one: Views, other: Views) -> None:
    for field in fields(Views):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        assert torch.equal(mine, theirs) if isinstance(mine, torch.Tensor) else mine == theirs, field.name


SETS = {
    "one shape": image_set((300, 200), (600, 400)),
    "nearly one aspect": image_set((300, 200), (302, 200)),
    "enlarged": image_set((50, 40), (50, 40)),
    "odd sides": image_set((333, 257), (333, 257)),
    "portrait beside landscape": image_set((300, 200), (200, 300), (120, 120)),
}


@pytest.mark.parametrize("images", SETS.values(), ids=SETS)
@pytest.mark.parametrize("size", [96, 160])
def test_what_holds_of_every_grid(images: ImageSet, size: int):
    views = make_views(images, size)
    width, height = views.size_wh
    assert max(width, height) == size
    assert width % 16 == height % 16 == 0
    assert views.fine.shape[2:] == (2 * height, 2 * width)
    assert 0 <= views.pixels.min() <= views.pixels.max() <= 1
    torch.testing.assert_close(views.pixels, torch.nn.functional.avg_pool2d(views.fine, 2))
    for view, (photo_width, photo_height) in enumerate(views.photo_size_wh.tolist()):
        inside = torch.zeros(height, width, dtype=torch.bool)
        inside[:photo_height, :photo_width] = True
        assert torch.equal(views.valid[view], inside)
        assert views.pixels[view][:, ~inside].sum() == 0
        assert max(photo_width, photo_height) == size


@pytest.mark.parametrize("name", ["one shape", "nearly one aspect", "enlarged", "odd sides"])
def test_photos_of_one_aspect_fill_the_grid(name: str):
    views = make_views(SETS[name], 160)
    assert views.valid.all()
    stretch = views.grid_scale[:, 0] / views.grid_scale[:, 1]
    assert (stretch - 1).abs().max() < 0.08


def test_photos_of_other_aspects_keep_theirs():
    views = make_views(SETS["portrait beside landscape"], 160)
    assert views.size_wh == (160, 160)
    assert views.photo_size_wh.tolist() == [[160, 107], [107, 160], [160, 160]]


@pytest.mark.parametrize("images", SETS.values(), ids=SETS)
def test_a_square_lands_where_the_intrinsics_say(images: ImageSet):
    """A bright square in the original and the same square by `grid_scale` on the grid cover the same pixels."""
    photos = []
    for each in images.photos:
        width, height = each.original_size_wh
        rgb = np.zeros_like(each.rgb)
        rgb[height // 4 : height // 2, width // 4 : width // 2] = 255
        photos.append(Photo(each.name, rgb, None, each.original_size_wh, None))
    views = make_views(ImageSet(tuple(photos)), 96)
    for view, each in enumerate(photos):
        width, height = each.original_size_wh
        weight = views.pixels[view].mean(0).double()
        rows, columns = (torch.arange(side) + 0.5 for side in weight.shape)
        centre = torch.stack([(weight.sum(0) * columns).sum(), (weight.sum(1) * rows).sum()]) / weight.sum()
        expected = torch.tensor([width // 4 + width // 2, height // 4 + height // 2]) / 2 * views.grid_scale[view]
        torch.testing.assert_close(centre, expected, atol=0.05, rtol=0)


def test_a_reduced_photo_is_measured_in_pixels_of_the_original():
    reduced = photo("a.jpg", (200, 100))
    original = Photo("a.jpg", reduced.rgb, None, (2000, 1000), None)
    views = make_views(ImageSet((original, original)), 96)
    torch.testing.assert_close(views.grid_scale, torch.full((2, 2), 96 / 2000, dtype=torch.float64))


def test_a_mask_marks_what_is_valid():
    mask = np.zeros((200, 300), bool)
    mask[:, 150:] = True
    views = make_views(ImageSet((photo("a.png", (300, 200), mask), photo("b.png", (300, 200)))), 96)
    assert views.valid[0, :, 48:].all()
    assert not views.valid[0, :, :48].any()
    assert views.valid[1].all()


def test_given_cameras_come_along_untouched():
    K_px = torch.tensor([[250.0, 0, 151], [0, 260, 99], [0, 0, 1]], dtype=torch.float64)
    cameras = [KnownCamera(K_px, None), KnownCamera(None, torch.eye(4, dtype=torch.float64))]
    views = make_views(image_set((300, 200), (200, 300)), 96, cameras, metric=True)
    assert views.known == tuple(cameras)
    assert views.metric == (True,)


def test_unpacking_undoes_packing():
    scenes = [
        make_views(image_set((300, 200), (150, 100)), 96),
        make_views(image_set((600, 400), (300, 200), (30, 20)), 96, metric=True),
        make_views(image_set((90, 60), (90, 60)), 96),
    ]
    packed = pack_views(scenes)
    assert packed.scene_index.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert packed.metric == (False, True, False)
    for scene, again in zip(scenes, unpack_views(packed), strict=True):
        assert_same(again, scene)
    assert_same(pack_views([pack_views(scenes[:2]), scenes[2]]), packed)


def test_scenes_of_different_grids_do_not_pack():
    with pytest.raises(ValueError, match="must share one grid"):
        pack_views([make_views(SETS["one shape"], 96), make_views(SETS["one shape"], 160)])
