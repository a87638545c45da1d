"""What a header says of a photo agrees with what decoding it gives."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile

from recon.photo_file import decode_photo, read_header
from render.errors import PhotoError

STORED = np.arange(48 * 64 * 3, dtype=np.uint32).reshape(48, 64, 3).astype(np.uint8)


def photo(folder: Path, orientation: int, suffix: str = "png") -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(STORED).save(folder / f"a.{suffix}", exif=exif)
    return folder / f"a.{suffix}"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_turns_of_the_header_are_those_of_decoding(tmp_path: Path, orientation: int):
    header = read_header(photo(tmp_path, orientation))
    upright = decode_photo(tmp_path / "a.png")
    assert header.size_wh == (64, 48)
    assert header.upright_size_wh == upright.original_size_wh
    assert not header.mirrored
    np.testing.assert_array_equal(np.rot90(STORED, header.quarter_turns), upright.rgb)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_upright_size_is_that_of_decoding(tmp_path: Path, orientation: int, suffix: str):
    file = photo(tmp_path, orientation, suffix)
    assert read_header(file).upright_size_wh == decode_photo(file).original_size_wh


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_png_may_have_its_exif_behind_its_pixels(tmp_path: Path, orientation: int):
    content = photo(tmp_path, orientation).read_bytes()
    at = content.find(b"eXIf") - 4
    if at > 0:
        length = 12 + int.from_bytes(content[at : at + 4], "big")
        content = content[:at] + content[at + length : -12] + content[at : at + length] + content[-12:]
        assert content.find(b"eXIf") > content.find(b"IDAT")
    file = tmp_path / "a.png"
    file.write_bytes(content)
    assert read_header(file).upright_size_wh == decode_photo(file).original_size_wh


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp", "bmp"])
def test_no_pixel_is_decoded_for_a_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str):
    Image.fromarray(STORED).save(tmp_path / f"a.{suffix}")
    monkeypatch.setattr(Image.Image, "load", pytest.fail)
    monkeypatch.setattr(ImageFile.ImageFile, "load", pytest.fail)
    assert read_header(tmp_path / f"a.{suffix}").size_wh == (64, 48)


def test_mirrored_photos_are_told(tmp_path: Path):
    assert [o for o in range(1, 9) if read_header(photo(tmp_path, o)).mirrored] == [2, 4, 5, 7]


@pytest.mark.parametrize("content", [b"", b"dear diary", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PhotoError, match=r"a\.png"):
        read_header(tmp_path / "a.png")


def test_a_missing_photo_is_refused(tmp_path: Path):
    with pytest.raises(PhotoError, match="cannot be opened"):
        read_header(tmp_path / "a.png")
