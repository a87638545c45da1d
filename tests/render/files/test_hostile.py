"""Damaged and hostile files: a FileFormatError with a sentence, soon, and without memory for what is only claimed."""

import contextlib
import gzip
import io
import json
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from render.errors import FileFormatError
from render.files.formats import FORMATS, SceneFormat, format_of, read_scene, write_scene
from render.files.values import most_unfolded
from render.files.webp import to_webp
from tests.render.files.test_round_trip import change_json
from tests.render.scenes import cloud

EXAMPLES = int(os.environ.get("SNAPSPLAT_FUZZ", "250"))
"""Of each format and each test below; as many more as there is time for may be asked for."""
FUZZED = settings(
    max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HEADERS = {
    ".ply": b"ply\nformat binary_little_endian 1.0\nelement vertex ",
    ".compressed.ply": b"ply\nformat binary_little_endian 1.0\nelement chunk 1\n",
    ".splat": b"",
    ".spz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
    ".glb": b"glTF\x02\x00\x00\x00",
    ".sog": b"PK\x03\x04",
}
MOST_MEMORY, TIMES_ITS_SIZE = 1 << 20, 64
"""Bytes beyond the file's own size many times over: small files, whatever they claim, stay below it."""


def read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        # Whatever else comes out fails the test.
        with contextlib.suppress(FileFormatError):
            scene = read_scene(path)
            assert bool((scene.scales > 0).all())
            assert all(bool(tensor.isfinite().all()) for tensor in vars(scene).values())
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY + TIMES_ITS_SIZE * len(content)
    finally:
        tracemalloc.stop()


def content_of(known: SceneFormat, folder: Path) -> bytes:
    """What is fuzzed: of a container what it holds, not its checksums alone."""
    path = folder / f"valid{known.suffix}"
    if not path.exists():
        write_scene(path, cloud(7, min(1, known.sh_degree)))
    if known.suffix == ".sog":
        with zipfile.ZipFile(path) as bundle:
            return bundle.read("meta.json")
    return gzip.decompress(path.read_bytes()) if known.suffix == ".spz" else path.read_bytes()


def wrapped(known: SceneFormat, content: bytes, folder: Path) -> bytes:
    if known.suffix == ".sog":
        return bundled(folder / f"valid{known.suffix}", {"meta.json": content})
    return gzip.compress(content, 1) if known.suffix == ".spz" else content


def bundled(valid: Path, instead: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(valid) as bundle, zipfile.ZipFile(buffer, "w") as other:
        for entry in bundle.infolist():
            other.writestr(entry.filename, instead.get(entry.filename, bundle.read(entry)))
    return buffer.getvalue()


def mutated(content: bytes, random: object, changes: int, cut: bool) -> bytes:
    mutant = bytearray(content)
    for _ in range(changes):
        at = random.randrange(len(mutant))  # type: ignore[attr-defined]
        # Half of the changes go where headers are.
        at = at % 96 if random.random() < 0.5 else at  # type: ignore[attr-defined]
        mutant[at] = random.choice([0, 1, 9, 48, 57, 127, 128, 255, random.randrange(256)])  # type: ignore[attr-defined]
    if cut:
        del mutant[random.randrange(len(mutant)) :]  # type: ignore[attr-defined]
    return bytes(mutant)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.suffix)
@FUZZED
@given(random=st.randoms(use_true_random=False), changes=st.integers(1, 8), cut=st.booleans())
def test_mutated_files(tmp_path: Path, known: SceneFormat, random: object, changes: int, cut: bool) -> None:
    mutant = mutated(content_of(known, tmp_path), random, changes, cut)
    read_or_refused(tmp_path / f"mutated{known.suffix}", wrapped(known, mutant, tmp_path))


@pytest.mark.parametrize("suffix", [".spz", ".sog"])
@FUZZED
@given(random=st.randoms(use_true_random=False), changes=st.integers(1, 8), cut=st.booleans())
def test_mutated_containers(tmp_path: Path, suffix: str, random: object, changes: int, cut: bool) -> None:
    content_of(format_of(suffix), tmp_path)
    valid = (tmp_path / f"valid{suffix}").read_bytes()
    read_or_refused(tmp_path / f"mutated{suffix}", mutated(valid, random, changes, cut))


@settings(FUZZED, max_examples=EXAMPLES // 2)
@given(random=st.randoms(use_true_random=False), changes=st.integers(1, 8), cut=st.booleans(), which=st.integers(0, 6))
def test_mutated_pictures(tmp_path: Path, random: object, changes: int, cut: bool, which: int) -> None:
    content_of(format_of(".sog"), tmp_path)
    with zipfile.ZipFile(tmp_path / "valid.sog") as bundle:
        name = bundle.namelist()[1 + which]
        instead = {name: mutated(bundle.read(name), random, changes, cut)}
    read_or_refused(tmp_path / "mutated.sog", bundled(tmp_path / "valid.sog", instead))


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.suffix)
@FUZZED
@given(content=st.binary(max_size=300), headed=st.booleans())
def test_random_bytes(tmp_path: Path, known: SceneFormat, content: bytes, headed: bool) -> None:
    content = HEADERS[known.suffix] + content if headed else content
    read_or_refused(tmp_path / f"random{known.suffix}", content)


def spz(count: int, version: int = 3, degree: int = 0, bits: int = 12, body: bytes = b"") -> bytes:
    return gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", version, count, degree, bits, 0, 0) + body)


COMPRESSED = "ply\nformat binary_little_endian 1.0\nelement chunk {}\nproperty float min_x\nend_header\n"
ABSURD = {
    "count.spz": (spz(4_000_000_000), "announces 4000000000 Gaussians"),
    "bomb.spz": (
        gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 9_000_000, 3, 12, 0, 0) + bytes(1 << 20)),
        "no file",
    ),
    "short.spz": (spz(10, body=bytes(19)), "is cut off: 71 of 90"),
    "version.spz": (spz(0, version=4), "version 4; b'NGSP', version 2, 3 or 4"),
    "zstandard.spz": (b"NGSP\x04\x00\x00\x00" + bytes(20), "is cut off: 28 of 32 bytes"),
    "degree.spz": (spz(0, degree=4), "it has degree 4"),
    "bits.spz": (spz(0, bits=200), "200 fractional bits"),
    "endian.spz": (gzip.compress(struct.pack(">4sIIBBBB", b"NGSP", 3, 1, 0, 12, 0, 0)), "version 50331648"),
    "odd.splat": (bytes(33), "no multiple of 32"),
    "flat.splat": (bytes(32), r"the scale of Gaussian 0 is \[0.0, 0.0, 0.0\]"),
    "nan.splat": (struct.pack("<6f8B", *[float("nan")] * 6, *[200] * 8), "means of Gaussian 0"),
    "unturned.splat": (struct.pack("<6f8B", *[1.0] * 6, *[128] * 8), "the quaternion of Gaussian 0 is 0"),
    "count.ply": (COMPRESSED.format(999_999_999_999).encode(), "is cut off"),
    "endian.ply": (COMPRESSED.format(0).replace("little", "big").encode(), "binary_big_endian"),
    "list.ply": (COMPRESSED.format(0).replace("property float", "property list uchar").encode(), "property list uchar"),
    "chunks.ply": (COMPRESSED.format(0).encode(), "its elements are chunk; chunk, vertex"),
    "short.glb": (b"glTF", "this is no .glb"),
    "text.glb": (struct.pack("<4sIII4s", b"glTF", 2, 20, 4_000_000_000, b"JSON"), "announces 20 bytes"),
    "endless.glb": (struct.pack("<4sIII4s", b"glTF", 2, 4_000_000_000, 4, b"JSON") + b"{}  ", "announces 4000000000"),
}


def sog_meta(**parts: object) -> bytes:
    content = {"version": 2, "count": 7, "means": {"mins": [0, 0, 0], "maxs": [1, 1, 1], "files": ["a", "b"]}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("meta.json", json.dumps({**content, **parts}))
        # 16383 x 16383 pixels, by a header alone.
        bundle.writestr(
            "a", b"RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0\x2f" + struct.pack("<I", (16382 << 14) + 16382) + bytes(9)
        )
        bundle.writestr("b", b"RIFF\x20\0\0\0WEBPVP8 \x14\0\0\0" + bytes(20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "a is 16383 x 16383, which no file of its size holds"),
        ({"version": 1}, "its version is 1; 2 is read"),
        ({"count": 10**12}, '"count" is 1000000000000'),
        ({"count": True}, '"count" is True'),
        ({"means": 7}, 'no object "means"'),
        ({"means": {"mins": [0, 0, float("nan")]}}, '"mins" of means is no list'),
        ({"means": {"mins": [0, 0, 0], "maxs": [1, 1, 1], "files": ["b", "b"]}}, "b is no lossless WebP"),
        ({"means": {"mins": [0, 0, 0], "maxs": [1, 1, 1], "files": ["../c", "b"]}}, r"it holds no \.\./c"),
        ({"means": {"mins": [0, 0, 0], "maxs": [1, 1, 1], "files": "ab"}}, "names no picture number 0"),
    ],
)
def test_a_sog_that_says_what_is_not(tmp_path: Path, parts: dict[str, object], sentence: str) -> None:
    (tmp_path / "a.sog").write_bytes(sog_meta(**parts))
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=sentence):
            read_scene(tmp_path / "a.sog")
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def sog_bomb(side: int) -> bytes:
    """Of degree 3, whole and valid: every picture is of one colour, so that next to nothing is stored."""
    book = {"codebook": [0.0], "files": ["flat"]}
    meta = {
        "version": 2,
        "count": side**2,
        "means": {"mins": [0, 0, 0], "maxs": [1, 1, 1], "files": ["zero", "zero"]},
        "quats": book,
        "scales": book,
        "sh0": book,
        "shN": {"codebook": [0.0], "files": ["row", "zero"], "count": 1, "bands": 3},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("meta.json", json.dumps(meta))
        bundle.writestr("flat", to_webp(np.tile(np.array([0, 0, 0, 255], np.uint8), (side, side, 1))))
        bundle.writestr("zero", to_webp(np.zeros((side, side, 4), np.uint8)))
        bundle.writestr("row", to_webp(np.zeros((1, 64 * 15, 4), np.uint8)))
    return buffer.getvalue()


def test_a_small_sog_does_not_unfold_to_more_than_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.sog"
    path.write_bytes(sog_bomb(1024))
    assert path.stat().st_size < 1000
    for side, sentence in ((1024, "announces 1048576 Gaussians"), (256, None)):
        path.write_bytes(sog_bomb(side))
        tracemalloc.start()
        try:
            with pytest.raises(FileFormatError, match=sentence) if sentence else contextlib.nullcontext():
                assert len(read_scene(path)) == side**2
            # What it is in memory at most, and what is in the way while it is read.
            assert tracemalloc.get_traced_memory()[1] < (MOST_MEMORY if sentence else 4 * most_unfolded(path))
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_files_get_a_sentence_and_no_memory(tmp_path: Path, name: str) -> None:
    content, sentence = ABSURD[name]
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError, match=sentence):
            read_scene(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY + 10 * len(content)
    finally:
        tracemalloc.stop()


def accessor(index: int, **values: object) -> object:
    return lambda content: content["accessors"][index].update(values)


def view(index: int, **values: object) -> object:
    return lambda content: content["bufferViews"][index].update(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (accessor(0, count=10**12 - 1), "reaches beyond"),
        (accessor(0, count=-1), '"count" is -1'),
        (accessor(0, count=6), "must have as many"),
        (accessor(0, componentType=5123), "VEC3 of 5123"),
        (accessor(0, sparse={}), "not sparse"),
        (accessor(0, bufferView=99), 'number 99 of 8 in "bufferViews"'),
        (accessor(0, bufferView=True), "number True"),
        (view(0, byteOffset=10**9), "reaches beyond"),
        (view(0, byteStride=4), "reaches beyond"),
        (lambda content: content.update(nodes=[]), "0 nodes place"),
        (lambda content: content["nodes"].append({"mesh": 0}), "2 nodes place"),
        (lambda content: content["nodes"][0].update(children=[0]), "more than 64 nodes"),
        (lambda content: content["nodes"][0].update(rotation=[0, 0, 0, 0]), "unit quaternion"),
        (lambda content: content["nodes"][0].update(matrix=[1, 2, 3]), "list of 16 numbers"),
        (lambda content: content["nodes"][0].update(scale=[1, 1, 2]), "bends"),
        (lambda content: content["meshes"].append(content["meshes"][0]), "2 primitives"),
        (lambda content: content["meshes"][0]["primitives"][0].update(mode=4), "mode 4"),
        (lambda content: content["meshes"][0]["primitives"][0]["attributes"].pop("POSITION"), "POSITION is missing"),
        (lambda content: content["buffers"][0].update(uri="https://x"), "outside the file"),
        (lambda content: content.update(meshes=7), "a list of objects"),
    ],
)
def test_a_glb_that_says_what_is_not(tmp_path: Path, change: object, sentence: str) -> None:
    path = tmp_path / "a.glb"
    write_scene(path, cloud(7, 1))
    change_json(path, change)
    with pytest.raises(FileFormatError, match=sentence):
        read_scene(path)


def test_bounds_that_are_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "a.compressed.ply"
    write_scene(path, cloud(7))
    content = path.read_bytes()
    start = content.index(b"end_header\n") + 11
    for value, sentence in ((np.nan, "not finite"), (np.inf, "not finite"), (3e38, "a log-scale is 3e")):
        path.write_bytes(content[: start + 24] + np.float32(value).tobytes() + content[start + 28 :])
        with pytest.raises(FileFormatError, match=sentence):
            read_scene(path)
