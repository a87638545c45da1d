"""Photos behind URLs: named singly on a web server, in folders elsewhere."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recon.batch.manifest import read_captures
from recon.batch.places import look_at, read_file
from recon.batch.scene_options import RunOptions
from recon.batch.scenes import make_scenes
from recon.batch.survey import find_inputs
from recon.images import NotThereError
from render.errors import InputError
from tests.recon.batch.captures import add_capture

pytest.importorskip("aiohttp", reason="fsspec reads https:// with aiohttp, which is not installed.")


class Handler(SimpleHTTPRequestHandler):
    """Says of a file what is in `told`, and nothing else that would tell it from another."""

    told = ""

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Last-Modified":
            if not self.told:
                return
            keyword, value = self.told, f'"{Path(self.translate_path(self.path)).stat().st_mtime_ns}"'
        super().send_header(keyword, value)

    def do_GET(self) -> None:
        if "private" in self.path:
            self.send_error(HTTPStatus.FORBIDDEN)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """What servers tell of files -> URL of `tmp_path`."""
    servers = []

    def start(told: str = "ETag") -> str:
        kind = type("Telling", (Handler,), {"told": told})
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(tmp_path)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("told", ["ETag", "Last-Modified", ""])
def test_a_photo_of_a_web_server_that_changed_is_another(tmp_path: Path, serve: Callable[[str], str], told: str):
    url = f"{serve(told)}/a.png?size=full"
    (tmp_path / "a.png").write_bytes(b"one")
    before = look_at(url)
    assert (before.name, before.bytes, read_file(url)) == ("a.png", 3, b"one")
    assert look_at(url) == before
    (tmp_path / "a.png").write_bytes(b"two")
    assert look_at(url).stamp != before.stamp


def test_photos_of_a_web_server_are_named_one_by_one(tmp_path: Path, serve: Callable[[str], str]):
    url = serve("ETag")
    add_capture(tmp_path / "room")
    (tmp_path / "list.csv").write_text(
        "id,images\nroom,room/a.png;room/b.png\nfolder,room/\ngone,room/a.png;gone.png\n"
    )
    folder, gone, room = make_scenes(read_captures(f"{url}/list.csv"), RunOptions())
    assert [photo.place for photo in find_inputs(room).photos] == [f"{url}/room/a.png", f"{url}/room/b.png"]
    with pytest.raises(InputError, match=f"{url}/room/ has no name of a photo, and a web server does not say"):
        find_inputs(folder)
    with pytest.raises(NotThereError, match=f"{url}/gone.png cannot be looked at"):
        find_inputs(gone)
    for captures in (url, f"{url}/*"):
        with pytest.raises(InputError, match="is no manifest, and a web server does not say which folders it has"):
            read_captures(captures)


def test_what_a_store_fails_with_is_a_sentence(serve: Callable[[str], str]):
    with pytest.raises(NotThereError, match=r"private\.png cannot be read \(ClientResponseError: 403"):
        read_file(f"{serve('ETag')}/private.png")


@pytest.mark.parametrize("pattern", ["*", "*/images"])
def test_captures_behind_a_url_have_the_ids_of_those_on_this_machine(tmp_path: Path, pattern: str):
    for name in ("a", "b"):
        add_capture(tmp_path / name / "images")
    local, remote = (
        make_scenes(read_captures(f"{where}{tmp_path}/{pattern}"), RunOptions()) for where in ("", "file://")
    )
    assert [scene.id for scene in remote] == [scene.id for scene in local] == ["a", "b"]
