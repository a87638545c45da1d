"""Photos named again for a run's colours: its own are taken, those of another scene are not passed over in silence."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from render.errors import InputError, PhotoError
from snapsplat.run_photos import photos_of_run
from tests.recon.small_scene import small_reconstruction
from tests.snapsplat.small_run import photos_in


@pytest.fixture
def out(tmp_path: Path) -> Path:
    small_reconstruction().save(tmp_path / "out")
    return tmp_path / "out"


def test_its_own_photos_are_taken_and_others_told(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert photos_of_run(out, []) == {}
    folder = photos_in(tmp_path / "photos")
    taken = photos_of_run(out, [folder])
    assert {name: photo.shape for name, photo in taken.items()} == dict.fromkeys(
        ("a.jpg", "b.png", "c.jpg"), (256, 384, 3)
    )
    assert capsys.readouterr().err == ""
    # Of another size, which is no matter where it is left out.
    cv2.imwrite(str(folder / "d.jpg"), np.zeros((80, 80, 3), np.uint8))
    np.testing.assert_array_equal(photos_of_run(out, [folder])["b.png"], taken["b.png"])
    assert capsys.readouterr().err == f"Warning: Left out, since {out} was not made of them: d.jpg.\n"


def test_photos_of_another_scene_are_refused(out: Path, tmp_path: Path) -> None:
    folder = photos_in(tmp_path / "photos")
    cv2.imwrite(str(folder / "b.png"), np.zeros((64, 48, 3), np.uint8))
    with pytest.raises(PhotoError, match=r"^b.png is 48 x 64 pixels, and .*out was made of one of 96 x 64"):
        photos_of_run(out, [folder])
    others = [path.rename(path.with_name(f"other-{path.name}")) for path in sorted(folder.iterdir())]
    with pytest.raises(
        InputError, match=r"^other-a.jpg, other-b.png, other-c.jpg: none is a photo of .*out, which was"
    ):
        photos_of_run(out, others)
