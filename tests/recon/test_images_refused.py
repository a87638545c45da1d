"""Photos that cannot be used are refused in a sentence with their name, and nothing warns or falls over."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recon.images import find_photos, load_images
from render.errors import InputError, PhotoError

FORMATS = ("jpg", "png", "webp", "tiff", "bmp")


def photo_at(path: Path, size_wh: tuple[int, int] = (64, 48), **options) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


def load_beside_another(path: Path) -> None:
    """Load one photo with a flawless one beside it: nothing is wrong with the set."""
    load_images([path, photo_at(path.parent / "flawless.png")])


def png_claiming(path: Path, width: int, height: int) -> Path:
    """A well-formed header and no pixel behind it: whoever decodes it fails otherwise than by its size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4)
    return path


@pytest.mark.parametrize("size_wh", [(12300, 12300), (60000, 60000)])
def test_a_pixel_bomb_is_refused_by_its_header(tmp_path: Path, size_wh: tuple[int, int]):
    with pytest.raises(PhotoError, match=r"bomb\.png has .* pixels.*; at most 150 megapixels are decoded\.$"):
        load_beside_another(png_claiming(tmp_path / "bomb.png", *size_wh))


@pytest.mark.parametrize("size_wh", [(1, 1), (31, 400), (400, 31)])
def test_a_tiny_photo_is_refused(tmp_path: Path, size_wh: tuple[int, int]):
    with pytest.raises(PhotoError, match=rf"tiny\.png has {size_wh[0]} x {size_wh[1]} pixels; .* 32 or more\."):
        load_beside_another(photo_at(tmp_path / "tiny.png", size_wh))


def test_a_strip_is_refused(tmp_path: Path):
    with pytest.raises(PhotoError, match="at most 4 times the other"):
        load_beside_another(photo_at(tmp_path / "a.png", (400, 64)))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_photo_is_refused(tmp_path: Path, suffix: str, kept: float):
    whole = photo_at(tmp_path / f"whole.{suffix}").read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(PhotoError, match=rf"cut\.{suffix} (is|cannot) .*\.$"):
        load_beside_another(cut)


@pytest.mark.parametrize("suffix", FORMATS)
def test_scrambled_bytes_end_in_a_photo_or_a_sentence(tmp_path: Path, suffix: str):
    whole = np.frombuffer(photo_at(tmp_path / f"whole.{suffix}").read_bytes(), np.uint8)
    random = np.random.default_rng(1)
    sentences = []
    for _ in range(60):
        scrambled = whole.copy()
        # Half of the damage goes into the header, where parsers are most easily led astray.
        places = np.concatenate([random.integers(2, 60, 4), random.integers(2, len(whole), 4)])
        scrambled[places] = random.integers(0, 256, 8)
        (tmp_path / "a").write_bytes(scrambled.tobytes())
        try:
            load_beside_another(tmp_path / "a")
        except PhotoError as error:
            sentences.append(str(error))
    assert sentences
    assert all(sentence.startswith(f"{tmp_path / 'a'} ") for sentence in sentences)


def test_an_empty_file_is_refused(tmp_path: Path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(PhotoError, match=r"/a\.jpg is empty\.$"):
        load_beside_another(tmp_path / "a.jpg")


def test_what_is_no_photo_is_refused(tmp_path: Path):
    (tmp_path / "a.jpg").write_text("dear diary")
    with pytest.raises(PhotoError, match=r"/a\.jpg is not a photo that can be read; JPEG, PNG, .* can\.$"):
        load_beside_another(tmp_path / "a.jpg")


def test_other_formats_are_refused(tmp_path: Path):
    with pytest.raises(PhotoError, match="not a photo that can be read"):
        load_beside_another(photo_at(tmp_path / "a.jpg", format="GIF"))


def test_pixels_without_a_range_are_refused(tmp_path: Path):
    Image.fromarray(np.ones((48, 64), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(PhotoError, match="pixels of kind 'F'"):
        load_beside_another(tmp_path / "a.tiff")


def test_a_wholly_transparent_photo_is_refused(tmp_path: Path):
    Image.fromarray(np.zeros((48, 64, 4), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(PhotoError, match="transparent everywhere"):
        load_beside_another(tmp_path / "a.png")


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"gone\.jpg does not exist"):
        load_beside_another(tmp_path / "gone.jpg")


def test_nothing_named_is_refused():
    with pytest.raises(InputError, match="No photos were given; name 2 to 16 files"):
        find_photos([])


def test_a_folder_without_photos_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"holds no photo; what ends in .*jpg.* It holds notes\.txt\."):
        find_photos([tmp_path])


@pytest.mark.parametrize(("count", "sentence"), [(1, r"0\.png alone was given"), (17, "17 photos were given")])
def test_too_few_or_too_many_are_refused(tmp_path: Path, count: int, sentence: str):
    for number in range(count):
        photo_at(tmp_path / f"{number}.png")
    with pytest.raises(InputError, match=rf"{sentence}; a scene needs 2 to 16 photos"):
        find_photos([tmp_path])


def test_one_is_enough_where_depth_is_learned(tmp_path: Path):
    alone = photo_at(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"or learned depth \(--model small\)"):
        find_photos([alone])
    assert find_photos([alone], 1) == [alone]
    assert len(load_images([alone], 1)) == 1


def test_two_of_one_name_are_refused(tmp_path: Path):
    folders = [tmp_path / "left", tmp_path / "right"]
    for folder in folders:
        folder.mkdir()
        photo_at(folder / "a.png")
    with pytest.raises(InputError, match=r"left/a\.png and .*right/a\.png share the name a\.png"):
        find_photos(folders)
    with pytest.raises(InputError, match="share the name"):
        find_photos([folders[0] / "a.png", folders[0] / "a.png"])
