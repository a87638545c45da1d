"""Given cameras meet the photos: used exactly, completed by rules that are stated, or refused."""

from typing import Any

import numpy as np
import pytest
import torch

from recon.images import ImageSet, Photo
from recon.known_cameras import match_cameras
from render.errors import CamerasError
from render.files.cameras_json import CameraRow, CamerasFile

PHOTOS = ImageSet(
    tuple(Photo(name, np.zeros((60, 80, 3), np.uint8), None, (800, 600), None) for name in ("a.jpg", "b.jpg"))
)


def pose(x: float = 0.0, y: float = 0.0) -> torch.Tensor:
    T = torch.eye(4, dtype=torch.float64)
    T[0, 3], T[1, 3] = x, y
    return T


def match(**rows: dict[str, Any]):
    named = {f"{name}.jpg": CameraRow(**fields) for name, fields in rows.items()}
    return match_cameras(CamerasFile("relative", named), PHOTOS)


def intrinsics_of_a(**fields: float) -> tuple[list[float], list[str]]:
    known, warnings = match(a=fields, b={})
    K_px = known[0].K_px
    assert K_px is not None
    assert K_px[[0, 1, 2, 2, 2], [1, 0, 0, 1, 2]].tolist() == [0, 0, 0, 0, 1]
    return K_px[[0, 1, 0, 1], [0, 1, 2, 2]].tolist(), warnings


def test_given_numbers_are_used_bit_for_bit():
    T = pose(np.pi, 1 / 3)
    fields = {"width": 800.0, "height": 600.0, "fx": 1000 / 3, "fy": np.e * 100, "cx": 401.1, "cy": 299.9}
    known, warnings = match(a={**fields, "T_world_camera": T}, b={"T_world_camera": pose()})
    assert known[0].K_px is not None
    assert known[0].K_px.tolist() == [[1000 / 3, 0, 401.1], [0, np.e * 100, 299.9], [0, 0, 1]]
    assert known[0].T_world_camera is not None
    assert torch.equal(known[0].T_world_camera, T)
    assert known[1].K_px is None
    assert warnings == []


@pytest.mark.parametrize(
    ("fields", "fx_fy_cx_cy"),
    [
        ({"fx": 500.0}, [500, 500, 400, 300]),
        ({"fy": 500.0}, [500, 500, 400, 300]),
        ({"fx": 500.0, "fy": 510.0, "cx": 390.0}, [500, 510, 390, 300]),
        ({"fx": 500.0, "cy": 310.0}, [500, 500, 400, 310]),
    ],
)
def test_what_is_missing_is_completed(fields: dict[str, float], fx_fy_cx_cy: list[float]):
    assert intrinsics_of_a(**fields) == (fx_fy_cx_cy, [])


@pytest.mark.parametrize("size", [{"width": 400.0, "height": 300.0}, {"width": 400.0}, {"height": 300.0}])
def test_intrinsics_of_a_smaller_photo_are_scaled_and_said_so(size: dict[str, float]):
    values, (warning,) = intrinsics_of_a(fx=250.0, fy=260.0, cx=199.0, cy=151.0, **size)
    assert values == [500, 520, 398, 302]
    assert warning.startswith("a.jpg: its camera is for")
    assert "was scaled to the photo's 800 x 600" in warning


def test_nothing_is_known_without_a_row_or_a_focal_length():
    known, warnings = match(b={"cx": 400.0})
    assert all(k.K_px is None and k.T_world_camera is None for k in known)
    assert warnings == [
        "The cameras do not name a.jpg; what is not given is solved for.",
        "b.jpg: a principal point without a focal length is not used.",
    ]


def test_a_name_without_its_photo_warns():
    _, warnings = match(a={}, b={}, c={"fx": 500.0})
    assert warnings == ["The cameras name what is not among the photos: c.jpg."]
    _, (warning,) = match(a={}, b={}, **{f"c{number}": {} for number in range(9)})
    assert warning.endswith("the photos: c0.jpg, c1.jpg, c2.jpg, c3.jpg, c4.jpg and 4 more.")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"width": 640.0, "height": 640.0},
            r"is for 640 x 640 pixels, and the photo has 800 x 600; one aspect is expected\.",
        ),
        ({"width": 600.0, "height": 800.0}, "is for 600 x 800 pixels.*upright photo, as EXIF turns it"),
        ({"fx": 0.8}, r"fx is 0\.8 pixels of a photo of 800 x 600; 80 to 80000 is expected.*share of the width"),
        ({"fx": 500.0, "fy": 1e6}, r"fy is 1e\+06 pixels"),
        ({"fx": 500.0, "cx": 4000.0}, r"principal point is \(4000, 300\), far outside its 800 x 600 pixels"),
    ],
)
def test_what_contradicts_the_photo_is_refused(fields: dict[str, float], sentence: str):
    with pytest.raises(CamerasError, match=rf"^a\.jpg: .*{sentence}"):
        match(a=fields, b={})


@pytest.mark.parametrize("place", [(0.0, 0.0), (1e6, 3.0)])
def test_poses_in_one_place_are_refused(place: tuple[float, float]):
    turned = pose(*place)
    turned[:2, :2] = torch.tensor([[0.0, -1], [1, 0]])
    with pytest.raises(CamerasError, match=r"a\.jpg, b\.jpg are all given the camera centre .* different places"):
        match(a={"T_world_camera": pose(*place)}, b={"T_world_camera": turned})


def test_two_of_three_in_one_pose_warn():
    images = ImageSet((*PHOTOS.photos, Photo("c.jpg", PHOTOS.photos[0].rgb, None, (800, 600), None)))
    rows = {f"{n}.jpg": CameraRow(T_world_camera=pose(x)) for n, x in (("a", 1.0), ("b", 0.0), ("c", 1.0))}
    _, warnings = match_cameras(CamerasFile("relative", rows), images)
    assert warnings == ["a.jpg and c.jpg are given the very same pose."]


def test_cameras_far_from_the_origin_warn():
    _, (warning,) = match(a={"T_world_camera": pose(5e6)}, b={"T_world_camera": pose(5e6 + 1)})
    assert "5e+06 from the origin and 1 apart" in warning
