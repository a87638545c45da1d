"""A fly-through: there and back, whole or not at all."""

import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from render.errors import OutputError
from render.view.video import drawn_frames, write_video
from tests.render.view.viewed import small_viewed


def read(path: Path) -> list[np.ndarray]:
    video, frames = cv2.VideoCapture(str(path)), []
    while (got := video.read())[0]:
        frames.append(got[1][..., ::-1])
    return frames


def test_a_video_goes_there_and_back(tmp_path: Path):
    levels = [40, 120, 200]
    write_video(tmp_path / "a.mp4", [np.full((32, 48, 3), level, np.uint8) for level in levels])
    assert [round(float(frame.mean()) / 10) * 10 for frame in read(tmp_path / "a.mp4")] == [40, 120, 200, 120]
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_a_disk_that_fills_up_is_told_and_leaves_nothing(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (8, 64, 96, 3), np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As on a full disk, writing ends with an error: Python has the signal ignored.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        with pytest.raises(OutputError, match=r"a\.mp4 cannot be written: the encoder left it cut short"):
            write_video(tmp_path / "a.mp4", list(noise))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_video_is_as_readable_as_any_file(tmp_path: Path):
    write_video(tmp_path / "a.mp4", [np.zeros((32, 48, 3), np.uint8)] * 2)
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.mp4").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_frames_are_what_the_cameras_see():
    scene = small_viewed()
    frames = list(drawn_frames(scene.gaussians, scene.fly_through(3, 30)))
    assert [frame.shape for frame in frames] == [(20, 30, 3)] * 3
    left, right = (np.argwhere(frame[..., 0] > 100)[:, 1].mean() for frame in (frames[0], frames[-1]))
    assert left > right


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(OutputError, match=r"a\.mp4 cannot be written \(No such file or directory\)"):
        write_video(tmp_path / "none" / "a.mp4", [np.zeros((32, 48, 3), np.uint8)])
