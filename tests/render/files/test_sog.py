"""What a .sog holds: few numbers for many, chosen well, and found by others' readers."""

from pathlib import Path

import gsply
import numpy as np
import pytest

from render.files.codebooks import codebook
from render.files.formats import read_scene, write_scene
from render.files.palette import BOX, LARGEST, palette
from tests.render.files.test_round_trip import agrees_with_gsply
from tests.render.scenes import cloud


def test_a_codebook_is_exact_for_few_values_and_beats_even_steps_for_many() -> None:
    few = np.repeat([3.0, -1.0, 7.5], 9).reshape(-1, 3)
    book, chosen = codebook(few)
    np.testing.assert_array_equal(book[chosen], few)
    many = np.random.default_rng(0).laplace(size=(20000, 3))
    book, chosen = codebook(many)
    steps = np.linspace(many.min(), many.max(), 256)
    even = np.abs(many[..., None] - steps).min(-1)
    assert np.square(book[chosen] - many).mean() < np.square(even).mean() / 4
    many[0, 0] = 1e4
    book, chosen = codebook(many)
    assert book[chosen][0, 0] == 1e4
    assert np.square(book[chosen] - many).mean() < np.square(even).mean() / 2


def test_a_codebook_of_values_that_are_nearly_all_equal_has_numbers_for_the_others() -> None:
    values = np.zeros(10**6)
    values[:400] = np.random.default_rng(0).normal(size=400)
    book, chosen = codebook(values)
    assert np.square(book[chosen] - values)[:400].mean() < 1e-3
    np.testing.assert_allclose(book[chosen][400:], 0, atol=1e-5)


def test_a_palette_is_exact_for_few_rows_and_near_for_many() -> None:
    random = np.random.default_rng(0)
    few = random.normal(size=(500, 9)).astype(np.float32)
    rows, labels = palette(few)
    np.testing.assert_array_equal(rows[labels], few)
    # On a plane in nine dimensions, as harmonics are of few kinds.
    many = (random.normal(size=(LARGEST + 20000, 2)) @ random.normal(size=(2, 9))).astype(np.float32)
    rows, labels = palette(many)
    assert len(rows) <= LARGEST
    assert np.square(rows[labels] - many).mean() < 1e-4 * np.square(many).mean()


def test_equal_rows_need_few_of_the_palette() -> None:
    rows, labels = palette(np.ones((LARGEST + 5, 3), np.float32))
    # One for each box of rows, which know nothing of each other.
    assert len(rows) <= (LARGEST + 5) / (BOX / 2)
    assert (rows[labels] == 1).all()


def test_a_palette_never_has_more_rows_than_labels_tell_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("render.files.palette.LARGEST", 8)
    monkeypatch.setattr("render.files.palette.BOX", 4)
    for count in (9, 31, 100):
        many = np.random.default_rng(count).normal(size=(count, 9)).astype(np.float32)
        rows, labels = palette(many)
        assert len(rows) <= 8
        assert labels.max() < len(rows)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_gsply_reads_it(tmp_path: Path, degree: int) -> None:
    write_scene(tmp_path / "a.sog", cloud(400, degree))
    agrees_with_gsply(gsply.sogread(str(tmp_path / "a.sog")), read_scene(tmp_path / "a.sog"), 1e-3)


def test_the_same_scene_makes_the_same_file(tmp_path: Path) -> None:
    for name in ("a.sog", "b.sog"):
        write_scene(tmp_path / name, cloud(100, 1))
    assert (tmp_path / "a.sog").read_bytes() == (tmp_path / "b.sog").read_bytes()
