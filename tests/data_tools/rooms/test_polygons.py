import numpy as np
import pytest

from data_tools.rooms.polygons import triangulated

STAR = [(np.cos(a) * r, np.sin(a) * r) for n, a in enumerate(np.arange(0, 2 * np.pi, 0.2)) for r in [1 + n % 2]]
SHAPES = {
    "square": [(0, 0), (1, 0), (1, 1), (0, 1)],
    "arrow": [(0, 0), (2, 1), (0, 2), (0.5, 1)],
    "arrow, from its notch": [(0.5, 1), (0, 0), (2, 1), (0, 2)],
    "L": [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)],
    "star": STAR,
    "frame with a bridge to its hole": [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)],
}


def area(flat: np.ndarray) -> float:
    x, y = flat.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("backwards", [False, True])
def test_triangles_cover_their_polygon_once_whichever_way_it_faces(shape, backwards):
    flat = np.array(SHAPES[shape], float)[:: -1 if backwards else 1]
    turns = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 3, 3)))[0]
    for turn in [*turns, np.eye(3), np.eye(3)[[1, 2, 0]], np.eye(3)[[2, 0, 1]]]:
        corners = np.column_stack([flat, np.full(len(flat), 2.0)]) @ turn.T
        triangles, owners = triangulated(corners, [len(flat)])
        assert len(triangles) == len(flat) - 2
        assert (owners == 0).all()
        # Each faces as the whole does, and together they are as large: none lies over another or outside.
        areas = [area(flat[triangle]) for triangle in triangles]
        assert min(areas) * np.sign(area(flat)) > -1e-9
        assert sum(areas) == pytest.approx(area(flat))


def test_many_polygons_keep_their_corners_apart():
    corners = np.array([*SHAPES["arrow"], *SHAPES["square"], (9, 9), *SHAPES["L"]], float)
    triangles, owners = triangulated(np.column_stack([corners, 0 * corners[:, 0]]), [4, 4, 1, 6])
    assert owners.tolist() == [0, 0, 1, 1, 3, 3, 3, 3]
    for owner, (first, end) in {0: (0, 4), 1: (4, 8), 3: (9, 15)}.items():
        assert set(triangles[owners == owner].ravel().tolist()) == set(range(first, end))


def test_polygons_that_are_none_do_no_harm():
    corners = np.array([[0, 0, 0]] * 5 + [[np.nan, 0, 0]] * 5 + [[1e300, 0, 0], [0, 1e300, 0], [0, 0, 0], [1, 1, 1]])
    triangles, _ = triangulated(corners, [5, 5, 4])
    assert triangles.shape == (8, 3)
    assert len(triangulated(np.zeros((0, 3)), [])[0]) == 0
