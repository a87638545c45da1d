"""What arrives is held against what was announced, and stays in its folder."""

import hashlib
from pathlib import Path

import pytest

from server.pb import camera_pb2, result_pb2, service_pb2
from snapsplat.client.errors import BrokenAnswerError
from snapsplat.client.pictures import Pictures
from snapsplat.client.received import Listener, Receiver

CONTENT = bytes(range(256)) * 10
Event = result_pb2.ResultEvent


def header(name: str = "scene.ply", kind: str = "scene.ply", content: bytes = CONTENT) -> Event:
    sha256 = hashlib.sha256(content).digest()
    return Event(file=result_pb2.FileHeader(name=name, kind=kind, size_bytes=len(content), sha256=sha256))


def chunk(start: int, end: int, name: str = "scene.ply", content: bytes = CONTENT) -> Event:
    return Event(chunk=result_pb2.FileChunk(name=name, offset_bytes=start, content=content[start:end]))


END = [Event(cameras=camera_pb2.Cameras()), Event(summary=result_pb2.Summary(photos=2))]
WHOLE = [header(), chunk(0, 1000), chunk(1000, 2560)]


def received(folder: Path, events: list[Event], kinds: tuple[str, ...] = ("scene.ply",)) -> tuple[str, ...]:
    receiver = Receiver(folder, kinds)
    try:
        for event in events:
            receiver.take(event)
        return receiver.answer("a", []).files
    finally:
        receiver.close()


def test_pieces_make_the_file(tmp_path: Path):
    empty = header("depth/a.npy", "depth", b"")
    assert received(tmp_path / "x", [*WHOLE, empty, *END], ("depth", "scene.ply")) == ("scene.ply", "depth/a.npy")
    assert (tmp_path / "x" / "scene.ply").read_bytes() == CONTENT
    assert (tmp_path / "x" / "depth" / "a.npy").read_bytes() == b""
    deep = header("colmap/sparse/0/cameras.bin", "colmap", b"")
    assert received(tmp_path / "x", [deep, *END], ("colmap",)) == ("colmap/sparse/0/cameras.bin",)


@pytest.mark.parametrize(
    "events",
    [
        [*WHOLE],
        [*WHOLE, END[0]],
        [*END],
        [WHOLE[0], *END],
        [WHOLE[0], WHOLE[2], *END],
        [WHOLE[1], *END],
        [WHOLE[0], chunk(0, 1000), chunk(0, 1000), *END],
        [WHOLE[0], chunk(0, 2560, content=bytes(2560)), *END],
        [WHOLE[0], chunk(0, 2561, content=bytes(2561)), *END],
        [WHOLE[0], header("depth/a.npy", "depth"), *END],
        [*WHOLE, WHOLE[0], *END],
    ],
)
def test_an_answer_that_is_not_whole_is_refused(tmp_path: Path, events: list[Event]):
    with pytest.raises(BrokenAnswerError):
        received(tmp_path / "x", events)


ELSEWHERE = [
    "",
    ".",
    "..",
    "../scene.ply",
    "/scene.ply",
    "scene.ply/../../x",
    "scene.ply/",
    "a/b/c",
    "scene.ply/b/c/d/e",
    "scene.ply\\x",
    "x",
]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str):
    with pytest.raises(BrokenAnswerError, match="none was asked for"):
        received(tmp_path / "x", [header(name), *END])
    assert list(tmp_path.rglob("*")) == [tmp_path / "x"]


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path):
    with pytest.raises(BrokenAnswerError, match="none was asked for"):
        received(tmp_path / "x", [header("depth/a\0.npy", "depth")], ("depth",))


def test_what_an_earlier_try_left_is_gone(tmp_path: Path):
    with pytest.raises(BrokenAnswerError):
        received(tmp_path / "x", [header("depth/a.npy", "depth")], ("depth",))
    received(tmp_path / "x", [*WHOLE, *END])
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["scene.ply"]


def test_a_stage_is_told_once():
    stages: list[str] = []
    places: list[tuple[int, float]] = []
    listener = Listener(stages.append, lambda position, seconds: places.append((position, seconds)))
    for stage in ("photos", "cameras", "photos", "cameras", "depth"):
        listener.hear(Event(progress=result_pb2.Progress(stage=stage)))
    listener.hear(Event(queued=result_pb2.Queued(position=2, expected_wait_seconds=3)))
    assert (stages, places) == (["photos", "cameras", "depth"], [(2, 3.0)])


def test_images_are_put_together_in_their_order():
    def piece(camera: int, offset: int, content: bytes, size: int = 4) -> service_pb2.RenderResponse:
        return service_pb2.RenderResponse(camera_index=camera, size_bytes=size, offset_bytes=offset, content=content)

    pictures = Pictures()
    assert [pictures.take(p) for p in (piece(0, 0, b"ab"), piece(0, 2, b"cd"), piece(1, 0, b"xy", 2))] == [
        None,
        b"abcd",
        b"xy",
    ]
    pictures.end(2)
    with pytest.raises(BrokenAnswerError, match="2 of 3"):
        pictures.end(3)
    with pytest.raises(BrokenAnswerError, match="out of its turn"):
        pictures.take(piece(3, 0, b"ab"))
