"""Written, read and drawn, every format shows what was in memory; others' readers find in it what was written."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import gsply
import numpy as np
import plyfile
import pygltflib
import pytest
import torch
from scipy.spatial.transform import Rotation

from render.cameras import Cameras
from render.errors import ConfigError, FileFormatError
from render.files.formats import FORMATS, SceneFormat, format_of_content, read_scene, write_scene
from render.gaussians import Gaussians
from render.rasterize import rasterize
from render.sh import SH_C0
from render.turn import moved, similarity
from tests.render.scenes import cameras, cloud

LEAST_PSNR = {".ply": 100.0, ".glb": 150.0, ".splat": 55.0, ".compressed.ply": 45.0, ".spz": 42.0, ".sog": 52.0}
"""Of scenes of noise, which are harder than real ones: dB between the picture from memory and that from the file."""
ALL = [pytest.param(known, degree, id=f"{known.suffix} {degree}") for known in FORMATS for degree in range(4)]


def psnr(one: Gaussians, other: Gaussians, seen: Cameras | None = None) -> float:
    pictures = [rasterize(scene, seen or cameras(3)).rgb.clamp(0, 1) for scene in (one, other)]
    return float(-10 * torch.log10((pictures[0] - pictures[1]).square().mean().clamp_min(1e-20)))


@pytest.mark.parametrize(("known", "degree"), ALL)
def test_a_scene_looks_the_same_after_the_file(tmp_path: Path, known: SceneFormat, degree: int) -> None:
    scene, path = cloud(600, degree), tmp_path / f"scene{known.suffix}"
    write_scene(path, scene)
    read = read_scene(path)
    kept = min(degree, known.sh_degree)
    assert read.sh_degree == kept
    assert len(read) == 600
    assert psnr(replace(scene, sh=scene.sh[:, : (kept + 1) ** 2]), read) > LEAST_PSNR[known.suffix]
    bytes_each = {**known.attribute_bytes}
    rest = bytes_each.pop("sh_rest", 0) * ((kept + 1) ** 2 - 1)
    # Compression takes away, headers add, and codebooks more than these.
    header = 20000 if known.suffix == ".sog" else 5000
    assert path.stat().st_size < 600 * (sum(bytes_each.values()) + rest) + header


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.suffix)
def test_a_second_pass_changes_nothing_to_speak_of(tmp_path: Path, known: SceneFormat) -> None:
    path = tmp_path / f"scene{known.suffix}"
    write_scene(path, cloud(300, known.sh_degree))
    once = read_scene(path)
    write_scene(path, once)
    assert psnr(once, read_scene(path)) > 55


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.suffix)
def test_no_gaussian_is_a_file_or_a_sentence(tmp_path: Path, known: SceneFormat) -> None:
    path = tmp_path / f"scene{known.suffix}"
    if known.suffix in (".compressed.ply", ".glb", ".sog"):
        with pytest.raises(FileFormatError, match=r"there (is no|are 0) Gaussian"):
            write_scene(path, cloud(0, known.sh_degree))
        assert not path.exists()
    else:
        write_scene(path, cloud(0, known.sh_degree))
        assert len(read_scene(path)) == 0


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.suffix)
def test_what_is_not_finite_is_not_written(tmp_path: Path, known: SceneFormat) -> None:
    scene, path = cloud(9), tmp_path / f"scene{known.suffix}"
    scene.sh[3] = float("nan")
    with pytest.raises(FileFormatError, match="1 of 9 Gaussians hold NaN or infinity in sh"):
        write_scene(path, scene)
    assert list(tmp_path.iterdir()) == []


def test_a_compressed_ply_is_known_by_its_header(tmp_path: Path) -> None:
    write_scene(tmp_path / "a.compressed.ply", cloud(300, 1))
    plain = (tmp_path / "a.compressed.ply").rename(tmp_path / "a.ply")
    assert format_of_content(plain).suffix == ".compressed.ply"
    assert read_scene(plain).sh_degree == 1


def test_an_unknown_ending_and_a_missing_file_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no scene has this ending; \.compressed\.ply, \.ply"):
        read_scene(tmp_path / "scene.obj")
    for known in FORMATS:
        with pytest.raises(FileFormatError, match="cannot be read"):
            read_scene(tmp_path / f"scene{known.suffix}")


def agrees_with_gsply(data: gsply.GSData, scene: Gaussians, tolerance: float) -> None:
    np.testing.assert_allclose(data.means, scene.means, atol=tolerance)
    np.testing.assert_allclose(np.exp(data.scales), scene.scales, rtol=tolerance)
    np.testing.assert_allclose(1 / (1 + np.exp(-data.opacities)), scene.opacities, atol=tolerance)
    np.testing.assert_allclose(data.sh0, scene.sh[:, 0], atol=tolerance)
    if scene.sh_degree:
        np.testing.assert_allclose(data.shN, scene.sh[:, 1:], atol=tolerance)
    assert_same_axes(np.asarray(data.quats), scene, tolerance)


def assert_same_axes(quats_wxyz: np.ndarray, scene: Gaussians, tolerance: float) -> None:
    """But for half turns around an axis of its own, after which a Gaussian is the same."""
    theirs = Rotation.from_quat(quats_wxyz, scalar_first=True)
    ours = Rotation.from_quat(scene.quats_wxyz.numpy(), scalar_first=True)
    unturned = np.broadcast_to(np.eye(3), (len(scene), 3, 3))
    np.testing.assert_allclose(np.abs((ours.inv() * theirs).as_matrix()), unturned, atol=10 * tolerance)


@pytest.mark.parametrize("degree", [0, 3])
def test_gsply_reads_what_we_do_and_we_read_what_it_writes(tmp_path: Path, degree: int) -> None:
    scene = cloud(400, degree)
    write_scene(tmp_path / "a.spz", scene)
    write_scene(tmp_path / "a.compressed.ply", scene)
    write_scene(tmp_path / "a.ply", scene)
    data = gsply.plyread(str(tmp_path / "a.ply"))
    agrees_with_gsply(data, scene, 1e-5)
    agrees_with_gsply(gsply.read_spz(str(tmp_path / "a.spz")), read_scene(tmp_path / "a.spz"), 1e-4)
    agrees_with_gsply(
        gsply.plyread(str(tmp_path / "a.compressed.ply")), read_scene(tmp_path / "a.compressed.ply"), 1e-4
    )
    gsply.write_spz(str(tmp_path / "b.spz"), data, version=3)
    assert psnr(read_scene(tmp_path / "b.spz"), scene) > LEAST_PSNR[".spz"]
    gsply.plywrite(str(tmp_path / "b.ply"), data, compressed=True)
    (theirs,) = tmp_path.glob("b*ply")
    assert psnr(read_scene(theirs), scene) > LEAST_PSNR[".compressed.ply"] - 3


def test_plyfile_reads_a_compressed_ply(tmp_path: Path) -> None:
    write_scene(tmp_path / "a.compressed.ply", cloud(300, 2))
    file = plyfile.PlyData.read(str(tmp_path / "a.compressed.ply"))
    assert [element.name for element in file.elements] == ["chunk", "vertex", "sh"]
    assert [element.count for element in file.elements] == [2, 300, 300]
    assert (file["chunk"]["min_x"] <= file["chunk"]["max_x"]).all()


def test_a_splat_is_what_antimatter15_describes(tmp_path: Path) -> None:
    scene = cloud(5)
    write_scene(tmp_path / "a.splat", scene)
    row = struct.unpack("<6f8B", (tmp_path / "a.splat").read_bytes()[32:64])
    np.testing.assert_array_equal(row[:6], torch.cat([scene.means[1], scene.scales[1]]))
    np.testing.assert_allclose(row[6:9], (255 * (0.5 + SH_C0 * scene.sh[1, 0])).clamp(0, 255), atol=0.51)
    np.testing.assert_allclose(row[9], 255 * scene.opacities[1], atol=0.51)
    np.testing.assert_allclose(row[10:], 128 * scene.quats_wxyz[1] + 128, atol=0.51)


def test_pygltflib_finds_the_attributes_and_y_points_up(tmp_path: Path) -> None:
    scene = cloud(50, 2)
    write_scene(tmp_path / "a.glb", scene)
    file = pygltflib.GLTF2().load_binary(str(tmp_path / "a.glb"))
    assert file.extensionsUsed == ["KHR_gaussian_splatting"]
    (primitive,) = file.meshes[0].primitives
    assert primitive.mode == pygltflib.POINTS
    attributes = vars(primitive.attributes)

    def values(name: str) -> np.ndarray:
        accessor = file.accessors[attributes[name]]
        view = file.bufferViews[accessor.bufferView]
        stored = np.frombuffer(file.binary_blob(), "<f4", view.byteLength // 4, view.byteOffset)
        return stored.reshape(accessor.count, -1)

    np.testing.assert_array_equal(values("POSITION"), scene.means)
    np.testing.assert_array_equal(file.accessors[attributes["POSITION"]].min, scene.means.min(0).values)
    np.testing.assert_array_equal(values("KHR_gaussian_splatting:SCALE"), scene.scales)
    np.testing.assert_array_equal(values("KHR_gaussian_splatting:OPACITY")[:, 0], scene.opacities)
    np.testing.assert_array_equal(values("KHR_gaussian_splatting:ROTATION")[:, 3], scene.quats_wxyz[:, 0])
    np.testing.assert_array_equal(values("KHR_gaussian_splatting:SH_DEGREE_2_COEF_4"), scene.sh[:, 8])
    assert file.nodes[0].rotation == [1.0, 0.0, 0.0, 0.0]  # xyzw: OpenCV's down becomes glTF's -y.


def test_nodes_of_a_glb_turn_the_scene_and_its_harmonics(tmp_path: Path) -> None:
    scene, path = cloud(80, 3), tmp_path / "a.glb"
    write_scene(path, scene)
    node = {"mesh": 0, "rotation": [0.0, 0.0, 0.0, 1.0], "translation": [1.0, 2.0, 3.0], "scale": [2.0, 2.0, 2.0]}
    change_json(path, lambda content: content.update(nodes=[node]))
    T_gltf = similarity(torch.eye(3), torch.tensor([1.0, 2.0, 3.0]), 2.0)
    T_opencv = torch.diag(torch.tensor([1.0, -1, -1, 1], dtype=torch.float64)) @ T_gltf
    for name, tensor in vars(moved(scene, T_opencv)).items():
        torch.testing.assert_close(getattr(read_scene(path), name), tensor)


def change_json(path: Path, change: object) -> None:
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    change(document)  # type: ignore[operator]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + length :]
    path.write_bytes(struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest)
