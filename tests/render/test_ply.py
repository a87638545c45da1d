"""INRIA's .ply: exact both ways, readable by others, and strict with what others wrote."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gsply
import numpy as np
import plyfile
import pytest
import torch

from render.errors import FileFormatError, OutputError
from render.files.ply import property_names, read_ply, write_ply
from render.gaussians import Gaussians
from tests.render.scenes import cloud, unnormalised


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scene.ply"


def written(path: Path, scene: Gaussians) -> bytes:
    write_ply(path, scene)
    return path.read_bytes()


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_what_was_written_is_read(path: Path, degree: int) -> None:
    scene = cloud(500, degree)
    write_ply(path, scene)
    read = read_ply(path)
    assert read.sh_degree == degree
    for name in ("means", "sh"):
        assert torch.equal(getattr(read, name), getattr(scene, name))
    for name in ("scales", "opacities", "quats_wxyz"):
        torch.testing.assert_close(getattr(read, name), getattr(scene, name), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("degree", [0, 3])
def test_what_was_read_is_written_to_the_byte(path: Path, degree: int) -> None:
    scene = cloud(20_000, degree)
    scene.scales[:] = torch.logspace(-6, 3, 60_000).reshape(-1, 3)
    # Of these, e itself has a logarithm that an exponential does not lead back to.
    scene.scales[0] = torch.tensor([2.718282, 1.0, 2.7182817])
    scene.opacities[:] = torch.sigmoid(torch.linspace(-20, 20, 20_000))
    first = written(path, scene)
    assert written(path, read_ply(path)) == first


def test_no_gaussian_is_a_scene_too(path: Path) -> None:
    write_ply(path, cloud(0, 1))
    assert len(read_ply(path)) == 0
    assert read_ply(path).sh_degree == 1


def test_opacities_and_quaternions_are_made_valid(path: Path) -> None:
    scene = unnormalised()
    scene.opacities[0], scene.opacities[1] = 0.0, 1.0
    write_ply(path, scene)
    read = read_ply(path)
    torch.testing.assert_close(read.quats_wxyz.norm(dim=-1), torch.ones(30))
    torch.testing.assert_close(read.quats_wxyz, torch.nn.functional.normalize(scene.quats_wxyz, dim=-1))
    assert read.opacities[0] == pytest.approx(1e-6)
    assert read.opacities[1] == pytest.approx(1 - 1e-6)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_plyfile_reads_it(path: Path, degree: int) -> None:
    scene = cloud(50, degree)
    write_ply(path, scene)
    vertex = plyfile.PlyData.read(str(path))["vertex"]
    assert [p.name for p in vertex.properties] == property_names(3 * ((degree + 1) ** 2 - 1))
    np.testing.assert_array_equal(vertex["y"], scene.means[:, 1].numpy())
    np.testing.assert_allclose(np.exp(vertex["scale_2"]), scene.scales[:, 2], rtol=1e-6)
    np.testing.assert_allclose(1 / (1 + np.exp(-vertex["opacity"])), scene.opacities, rtol=1e-6)
    np.testing.assert_allclose(vertex["rot_0"], scene.quats_wxyz[:, 0], rtol=1e-6, atol=1e-7)
    per_colour = (degree + 1) ** 2 - 1
    for colour in range(3):
        np.testing.assert_array_equal(vertex[f"f_dc_{colour}"], scene.sh[:, 0, colour])
        for k in range(per_colour):
            np.testing.assert_array_equal(vertex[f"f_rest_{colour * per_colour + k}"], scene.sh[:, 1 + k, colour])


@pytest.mark.parametrize("degree", [0, 3])
def test_gsply_reads_it_and_is_read(path: Path, degree: int) -> None:
    scene = cloud(50, degree)
    write_ply(path, scene)
    theirs = gsply.plyread(str(path))
    np.testing.assert_array_equal(theirs.means, scene.means)
    np.testing.assert_array_equal(theirs.sh0, scene.sh[:, 0])
    np.testing.assert_allclose(np.exp(theirs.scales), scene.scales, rtol=1e-6)
    np.testing.assert_allclose(theirs.quats, scene.quats_wxyz, rtol=1e-6, atol=1e-7)
    if degree:
        np.testing.assert_array_equal(np.reshape(theirs.shN, (50, 15, 3)), scene.sh[:, 1:])
    other = path.with_name("theirs.ply")
    gsply.plywrite(str(other), theirs)
    read = read_ply(other)
    for name, tensor in vars(read_ply(path)).items():
        torch.testing.assert_close(getattr(read, name), tensor)


def test_order_of_properties_does_not_matter(path: Path) -> None:
    scene = cloud(20, 1)
    write_ply(path, scene)
    expected = read_ply(path)
    rows = plyfile.PlyData.read(str(path))["vertex"].data
    reordered = np.empty(
        20, [(name, "u1" if name == "extra" else "<f4") for name in ("extra", *rows.dtype.names[::-1])]
    )
    for name in rows.dtype.names:
        reordered[name] = rows[name]
    plyfile.PlyData([plyfile.PlyElement.describe(reordered, "vertex")], comments=["by another hand"]).write(str(path))
    for name, tensor in vars(read_ply(path)).items():
        assert torch.equal(tensor, getattr(expected, name))


def in_header(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def value_at(row: int, column: int, value: float) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        start = content.index(b"end_header\n") + 11 + 4 * (17 * row + column)
        return content[:start] + np.float32(value).tobytes() + content[start + 4 :]

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content[:0], "this is no .ply file"),
        (lambda content: b"\x89PNG" + content, "this is no .ply file"),
        (lambda content: content[:100], "this is no .ply file"),
        (in_header("binary_little_endian", "ascii"), "'format ascii 1.0'"),
        (in_header("binary_little_endian", "binary_big_endian"), "'format binary_big_endian 1.0'"),
        (in_header("element vertex 7", "element face 7"), "'element face 7'"),
        (in_header("element vertex 7", "element vertex -7"), "'element vertex -7'"),
        (in_header("element vertex 7", "element vertex 999999999999"), "cut off"),
        (in_header("element vertex 7", "element vertex 6"), "goes on after its last row"),
        (lambda content: content[:-1], "cut off"),
        (in_header("property float opacity\n", "property double opacity\n"), "double opacity"),
        (in_header("property float opacity\n", "property float opaque\n"), "opacity are missing"),
        (in_header("property float opacity\n", ""), "opacity are missing"),
        (in_header("property float scale_1\n", "property float scale_0\n"), "'property float scale_0'"),
        (in_header("property float nx\n", "property float f_rest_0\n"), "1 f_rest"),
        (in_header("property float nx\n", "property list uchar int nx\n"), "'property list uchar int nx'"),
        (in_header("property float rot_3\n", "property float rot_3\nelement face 0\n"), "'element face 0'"),
        (value_at(3, 0, np.nan), "x of Gaussian 3 is nan"),
        (value_at(6, 9, np.inf), "opacity of Gaussian 6 is inf"),
        (value_at(2, 10, 200.0), "log-scales reach"),
        (lambda content: content[:-16] + bytes(16), "quaternion of Gaussian 6 is 0"),
    ],
)
def test_malformed_files_get_a_sentence(path: Path, change: Callable[[bytes], bytes], sentence: str) -> None:
    before = written(path, cloud(7))
    after = change(before)
    assert after != before
    path.write_bytes(after)
    with pytest.raises(FileFormatError, match=re.escape(sentence)) as caught:
        read_ply(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["means", "quats_wxyz", "scales", "opacities", "sh"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_not_written(path: Path, name: str, value: float) -> None:
    before = written(path, cloud(5))
    scene = cloud(5)
    tensor = getattr(scene, name).clone()
    tensor.view(5, -1)[2] = value
    with pytest.raises(FileFormatError, match=f"1 of 5 Gaussians hold NaN or infinity in {name}"):
        write_ply(path, replace(scene, **{name: tensor}))
    assert path.read_bytes() == before


def test_a_scale_of_0_and_a_quaternion_of_0_are_not_written(path: Path) -> None:
    flat, unturned = cloud(5), cloud(5)
    flat.scales[1, 2] = 0
    unturned.quats_wxyz[4] = 0
    with pytest.raises(FileFormatError, match=r"the scale 0\.0"):
        write_ply(path, flat)
    with pytest.raises(FileFormatError, match="quaternion of Gaussian 4"):
        write_ply(path, unturned)
    assert not path.exists()


def test_a_failed_write_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scene.ply"
    before = written(path, cloud(5))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_ply(path, cloud(6))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_ply(tmp_path / "nowhere" / "scene.ply", cloud(3))


def test_the_file_is_as_readable_as_others(path: Path) -> None:
    write_ply(path, cloud(3))
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
