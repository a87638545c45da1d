"""Damaged and hostile camera files and depth: a sentence, soon, and without memory for what is only claimed."""

import contextlib
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_tools.captures.only_cameras import cameras_at
from render.errors import SnapsplatError
from render.files.cameras_json import write_cameras_json
from render.files.colmap import write_colmap
from render.files.depth_maps import read_depth_npy
from render.files.transforms_json import write_transforms_json
from tests.render.files.test_hostile import FUZZED, MOST_MEMORY, TIMES_ITS_SIZE, mutated
from tests.render.scenes import cameras

NAMES = ("a.jpg", "b.jpg")


def valid(folder: Path, name: str) -> bytes:
    """The content of a sound file of this name; whatever else it needs is put beside it."""
    if not (folder / name).exists():
        if name == "cameras.json":
            write_cameras_json(folder / name, NAMES, cameras(2), [True, True])
        elif name == "transforms.json":
            write_transforms_json(folder / name, NAMES, cameras(2))
        elif name == "depth.npy":
            np.save(folder / name, np.ones((6, 8), np.float32))
        else:
            write_colmap(folder, NAMES, cameras(2), None, text=name.endswith(".txt"))
        (folder / f"{name}.valid").write_bytes((folder / name).read_bytes())
    return (folder / f"{name}.valid").read_bytes()


def read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    read: Callable[[Path], object] = read_depth_npy if path.suffix == ".npy" else cameras_at
    tracemalloc.start()
    try:
        # Whatever else comes out fails the test.
        with contextlib.suppress(SnapsplatError):
            read(path if path.suffix in (".json", ".npy") else path.parent)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY + TIMES_ITS_SIZE * len(content)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "name",
    ["cameras.json", "transforms.json", "cameras.bin", "images.bin", "cameras.txt", "images.txt", "depth.npy"],
)
@FUZZED
@given(random=st.randoms(use_true_random=False), changes=st.integers(1, 8), cut=st.booleans())
def test_mutated_files(tmp_path: Path, name: str, random: object, changes: int, cut: bool) -> None:
    content = valid(tmp_path, name)
    read_or_refused(tmp_path / name, mutated(content, random, changes, cut))


def test_a_depth_file_that_promises_what_it_has_not(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)})
    read_or_refused(tmp_path / "a.npy", buffer.getvalue())
    for array in (np.ones(3, np.float32), np.ones((2, 2)), np.zeros((0, 4), np.float32)):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(SnapsplatError, match="float32, two axes, is expected"):
            read_depth_npy(tmp_path / "a.npy")
