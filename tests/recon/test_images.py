"""Photos in: what every format holds comes out the same, and turned as EXIF says."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from recon.images import find_photos, load_images
from recon.photo_file import MAX_LONG_SIDE, decode_photo

LOSSLESS = ("png", "webp", "tiff", "bmp")


def smooth_rgb(width: int = 64, height: int = 48) -> np.ndarray:
    """Colours that JPEG keeps to within a few levels and that tell every corner from every other."""
    u, v = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.stack([200 * u + 20, 200 * v + 20, 100 * (u + v) + 20], -1).astype(np.uint8)


def write(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


def exif_of(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    inner = {getattr(ExifTags.Base, name): value for name, value in tags.items() if name != "Orientation"}
    if "Orientation" in tags:
        exif[ExifTags.Base.Orientation] = tags["Orientation"]
    exif.get_ifd(ExifTags.IFD.Exif).update(inner)
    return exif


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_come_out_bit_for_bit(tmp_path: Path, suffix: str):
    rgb = smooth_rgb()
    options = {"lossless": True} if suffix == "webp" else {}
    photo = decode_photo(write(tmp_path / f"a.{suffix}", Image.fromarray(rgb), **options))
    np.testing.assert_array_equal(photo.rgb, rgb)
    assert photo.mask is None
    assert photo.focal_prior_px is None
    assert photo.original_size_wh == (64, 48)


def test_jpeg_comes_out_close(tmp_path: Path):
    photo = decode_photo(write(tmp_path / "a.jpg", Image.fromarray(smooth_rgb()), quality=95))
    assert np.abs(photo.rgb.astype(int) - smooth_rgb()).max() <= 8


@pytest.mark.parametrize("suffix", [*LOSSLESS[:3], "jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_as_exif_says(tmp_path: Path, suffix: str, orientation: int):
    stored = Image.fromarray(smooth_rgb())
    options = {"lossless": True} if suffix == "webp" else {}
    file = write(tmp_path / f"a.{suffix}", stored, exif=exif_of(Orientation=orientation), **options)
    stored.getexif()[ExifTags.Base.Orientation] = orientation
    upright = np.asarray(ImageOps.exif_transpose(stored))
    photo = decode_photo(file)
    assert photo.original_size_wh == upright.shape[1::-1]
    assert np.abs(photo.rgb.astype(int) - upright).max() <= 8


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str):
    converted = Image.fromarray(smooth_rgb()).convert(mode)
    photo = decode_photo(write(tmp_path / "a.tiff", converted))
    np.testing.assert_array_equal(photo.rgb, np.asarray(converted.convert("RGB")))


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bit_keeps_the_high_byte(tmp_path: Path, suffix: str, channels: int):
    deep = smooth_rgb().astype(np.uint16)[..., :channels] * 256 + 77
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), deep[..., ::-1])
    photo = decode_photo(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(photo.rgb, np.broadcast_to(deep >> 8, photo.rgb.shape).astype(np.uint8))


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_alpha_becomes_a_mask_and_black(tmp_path: Path, suffix: str):
    rgb = smooth_rgb()
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:, :20] = 0
    alpha[:, 20:30] = 51
    options = {"lossless": True} if suffix == "webp" else {}
    photo = decode_photo(write(tmp_path / f"a.{suffix}", Image.fromarray(np.dstack([rgb, alpha])), **options))
    assert photo.mask is not None
    np.testing.assert_array_equal(photo.mask, alpha > 127)
    np.testing.assert_allclose(photo.rgb, rgb * (alpha[..., None] / 255.0), atol=1)


def test_a_transparent_palette_entry_is_alpha(tmp_path: Path):
    indices = np.zeros((48, 64), np.uint8)
    indices[:, 32:] = 1
    palette = Image.frombytes("P", (64, 48), indices.tobytes())
    palette.putpalette([255, 0, 0, 0, 255, 0])
    photo = decode_photo(write(tmp_path / "a.png", palette, transparency=0))
    np.testing.assert_array_equal(photo.mask, indices == 1)
    np.testing.assert_array_equal(photo.rgb[:, 0], np.zeros((48, 3)))


def test_opaque_alpha_is_no_mask(tmp_path: Path):
    opaque = Image.fromarray(smooth_rgb()).convert("RGBA")
    assert decode_photo(write(tmp_path / "a.png", opaque)).mask is None


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_large_photos_are_reduced_and_remember_their_size(tmp_path: Path, suffix: str):
    large = Image.fromarray(smooth_rgb()).resize((4200, 2100), Image.Resampling.BICUBIC)
    photo = decode_photo(write(tmp_path / f"a.{suffix}", large, exif=exif_of(Orientation=6, FocalLengthIn35mmFilm=28)))
    assert photo.original_size_wh == (2100, 4200)
    assert photo.rgb.shape == (MAX_LONG_SIDE, MAX_LONG_SIDE // 2, 3)
    assert photo.focal_prior_px == pytest.approx(28 / 43.27 * np.hypot(4200, 2100))
    expected = np.asarray(large.transpose(Image.Transpose.ROTATE_270).resize(photo.rgb.shape[1::-1]))
    assert np.abs(photo.rgb.astype(int) - expected).mean() < 2


@pytest.mark.parametrize(
    ("tags", "focal_px"),
    [
        ({"FocalLengthIn35mmFilm": 26}, 26 / 43.27 * 80),
        # 1000 pixels an inch over 4 mm; the photo was shrunk from 6400 x 4800 to 64 x 48 since.
        (
            {
                "FocalLength": 40.0,
                "FocalPlaneXResolution": 2540.0,
                "FocalPlaneResolutionUnit": 2,
                "ExifImageWidth": 6400,
                "ExifImageHeight": 4800,
            },
            40.0 * 100 / 100,
        ),
        ({"FocalLength": 4.0, "FocalPlaneXResolution": 100.0, "FocalPlaneResolutionUnit": 3}, 40.0),
        ({"FocalLengthIn35mmFilm": 0}, None),
        ({"FocalLengthIn35mmFilm": 5000}, None),
        ({"FocalLength": 4.0}, None),
        ({"FocalLength": 4.0, "FocalPlaneXResolution": 100.0, "FocalPlaneResolutionUnit": 1}, None),
        ({}, None),
    ],
)
def test_focal_prior(tmp_path: Path, tags: dict[str, object], focal_px: float | None):
    photo = decode_photo(write(tmp_path / "a.jpg", Image.fromarray(smooth_rgb()), exif=exif_of(**tags)))
    assert photo.focal_prior_px == (None if focal_px is None else pytest.approx(focal_px))


def test_damaged_exif_costs_the_prior_and_not_the_photo(tmp_path: Path):
    buffer = io.BytesIO()
    Image.fromarray(smooth_rgb()).save(buffer, "JPEG", exif=exif_of(FocalLengthIn35mmFilm=26))
    content = buffer.getvalue()
    offsets = content.index(b"Exif\0\0") + 10
    (tmp_path / "a.jpg").write_bytes(content[:offsets] + b"\xff" * 40 + content[offsets + 40 :])
    photo = load_images([tmp_path / "a.jpg", write(tmp_path / "b.jpg", Image.fromarray(smooth_rgb()))]).photos[0]
    assert photo.rgb.shape == (48, 64, 3)
    assert photo.focal_prior_px is None


def test_a_folder_gives_its_photos_in_natural_order(tmp_path: Path):
    for name in ("img10.PNG", "img2.png", "img1.jpg", "notes.txt", "._img3.png"):
        write(tmp_path / name, Image.fromarray(smooth_rgb()), format="PNG")
    (tmp_path / "img4.png").mkdir()
    names = [file.name for file in find_photos([tmp_path])]
    assert names == ["img1.jpg", "img2.png", "img10.PNG"]
    assert find_photos(tmp_path) == find_photos(str(tmp_path)) == find_photos([str(tmp_path)])


def test_files_keep_their_order_and_any_ending(tmp_path: Path):
    files = [write(tmp_path / name, Image.fromarray(smooth_rgb()), format="PNG") for name in ("b.photo", "a.png")]
    assert find_photos(files) == files
    assert [photo.name for photo in load_images(files).photos] == ["b.photo", "a.png"]
