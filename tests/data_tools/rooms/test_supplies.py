"""What layouts are furnished with: fitting models within a budget, textures that come back."""

from dataclasses import dataclass

import numpy as np
import pytest

from data_tools.rooms import stock
from data_tools.rooms.finishes import FINISHES
from data_tools.rooms.furniture_store import Furnishing
from data_tools.rooms.meshes import Mesh
from data_tools.rooms.shapes import Look, box
from data_tools.rooms.supplies import MOST_TRIANGLES, Supplies
from data_tools.rooms.textures import KINDS

pytestmark = pytest.mark.usefixtures("no_models")


@dataclass
class Shelf:
    """Forty models of all sizes and weights."""

    def __iter__(self):
        for n in range(40):
            category = ("chair", "table")[n % 2]
            size = (0.1 + 0.05 * n, 0.1, 0.1)
            yield Furnishing(str(n), str(n), category, size, 0.0, 100 * 2 ** (n % 9), "library", "CC0", "", "train")

    def mesh(self, piece: Furnishing) -> Mesh:
        return Mesh(piece.name, (box(Look(), piece.size_m),))


def test_models_fit_what_is_asked_for_and_the_budget(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stock, "load_furniture", lambda _: Shelf())
    rng, supplies, triangles = np.random.default_rng(0), Supplies("train"), 0
    for _ in range(100):
        found = supplies.furniture(rng, ("chair",), (0.3, 1.0), 20_000)
        if found is not None:
            mesh, piece = found
            assert mesh.name == piece.name
            assert piece.category == "chair"
            assert 0.3 <= max(piece.size_m) <= 1.0
            triangles += piece.triangles
    assert 0.5 * MOST_TRIANGLES < triangles <= MOST_TRIANGLES


def test_without_models_and_photos_there_are_none():
    rng, supplies = np.random.default_rng(0), Supplies("train")
    assert supplies.furniture(rng) is None
    assert supplies.picture(rng) is None


def test_materials_come_back_within_a_scene_and_differ_between_scenes():
    def drawn(seed: int) -> list[bytes]:
        rng, supplies = np.random.default_rng(seed), Supplies("train")
        return [supplies.texture(rng, "wood").tobytes() for _ in range(20)]

    assert drawn(0) == drawn(0)
    assert 1 < len(set(drawn(0))) < 12
    assert len(set(drawn(0)) & set(drawn(1))) < 3


@pytest.mark.parametrize("material", FINISHES)
def test_a_look_is_drawable(material):
    assert set(FINISHES[material].kinds) <= set(KINDS)
    rng, supplies = np.random.default_rng(0), Supplies("validation")
    for textured in (0.0, 1.0):
        look = supplies.look(rng, material, textured, glossy=1.0, repeat_m=(0.5, 1.0))
        assert (look.texture is not None) == bool(textured)
        assert 0 < look.gloss <= 0.5
        assert all(0 <= channel <= 1 for channel in look.colour)
        assert not textured or 0.5 <= look.repeat_m <= 1.0


def test_a_texture_to_be_dyed_is_grey_and_light():
    grey = Supplies("train").texture(np.random.default_rng(0), "stone", dyed=True)
    assert (grey[..., 0] == grey[..., 2]).all()
    assert grey.mean() > 120
