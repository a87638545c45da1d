"""`snapsplat submit` looks and ends as `snapsplat reconstruct` does."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from recon.outputs import save_reconstruction
from server.pb import result_pb2
from server.work import Work
from snapsplat.cli import app
from snapsplat.submit_cli import FILES, VERDICTS
from tests.client.clients import SceneWriter, is_so, photos_in, saved_scene
from tests.server.loopback import Served, serve
from tests.snapsplat.foreground import FOREGROUND


def submit(served: Served, *arguments: object) -> "asyncio.Future[Result]":
    server = ["--server", f"127.0.0.1:{served.server.port}"]
    return asyncio.ensure_future(asyncio.to_thread(CliRunner().invoke, app, ["submit", *server, *map(str, arguments)]))


def test_a_folder_of_photos_becomes_a_folder_of_files(tmp_path: Path):
    photos_in(tmp_path / "photos")
    out = tmp_path / "out"

    async def body(served: Served) -> None:
        told = await submit(served, tmp_path / "photos", "-o", out, "--seed", 3, "--priority", "high")
        assert told.exit_code == 0, told.output
        assert {path.name for path in out.iterdir()} == set(FILES)
        lines = told.stdout.splitlines()
        assert lines[0] == "0 of 3 photos registered, 0 Gaussians."
        assert lines[-3:] == [
            f"Scene    {out / 'scene.ply'}",
            f"Preview  {out / 'preview.png'}",
            f"Report   {out / 'report.json'}",
        ]
        # The engine, which is in this process too, may say which rasterizer draws.
        stages = [line.split()[0] for line in told.stderr.splitlines() if line.endswith(" s")]
        assert stages == ["depth", "download"]

    serve(tmp_path / "results", body, SceneWriter)


class Further(SceneWriter):
    """Writes what was asked for, as a worker does."""

    def paint(self, work: Work) -> None:
        save_reconstruction(saved_scene(), work.folder, work.request.file_kinds)


def test_further_files_come_too(tmp_path: Path):
    photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        told = await submit(
            served, tmp_path / "photos", "-o", tmp_path / "out", "--also", "points.ply", "--also", "colmap"
        )
        assert told.exit_code == 0, told.output
        assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, "points.ply", "colmap"}
        assert len(list((tmp_path / "out" / "colmap" / "sparse" / "0").iterdir())) == 3

    serve(tmp_path / "results", body, Further)


class Judge(SceneWriter):
    """Says what it thinks of its scene."""

    def summary(self, work: Work) -> result_pb2.Summary:
        judged = result_pb2.Summary(verdict=result_pb2.VERDICT_USABLE, quality=0.5, verdict_because=["so"])
        judged.MergeFrom(super().summary(work))
        return judged

    def paint(self, work: Work) -> None:
        scene = saved_scene()
        scene.report.update(verdict="usable", quality=0.5, verdict_because=["so"], share_trusted=0.7)
        scene.save(work.folder)


def test_the_verdict_is_told_as_by_reconstruct(tmp_path: Path):
    photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        told = await submit(served, tmp_path / "photos", "-o", tmp_path / "out")
        assert told.exit_code == 0, told.output
        assert told.stdout.splitlines()[2:4] == [
            "Verdict: usable (quality 0.50); another photo agrees with the depth of 70% of what the photos show.",
            "Not better, because so.",
        ]

    serve(tmp_path / "results", body, Judge)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--size", "5"], 2, "--size is 5; 64 to 1024 is expected."),
        (["--size", "-5"], 2, "--size is -5; it must be 0 or more, below 2^32."),
        (["--model", "none"], 2, "--model is 'none'; this server has small, big."),
        (["--also", "colmap", "--also", "mesh.glb"], 2, "--also is 'mesh.glb'; this server can make scene.ply, "),
        (["--priority", "urgent"], 2, "--priority is 'urgent'; it must be low, normal or high."),
        (["--token-file", "/none"], 2, "--token-file /none cannot be read"),
        (["--cameras", "/none"], 4, "/none cannot be read"),
        (["--timeout", "0.0001"], 10, "not done in the time"),
    ],
)
def test_refusals_end_with_their_code(tmp_path: Path, arguments: list[str], code: int, sentence: str):
    photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        told = await submit(served, tmp_path / "photos", "-o", tmp_path / "out", *arguments)
        assert (told.exit_code, told.stdout) == (code, "")
        assert sentence in told.stderr
        assert not (tmp_path / "out").exists()

    serve(tmp_path / "results", body, SceneWriter)


def test_ctrl_c_stops_the_server_s_work_too(tmp_path: Path):
    photos = photos_in(tmp_path / "photos")

    async def body(served: Served) -> None:
        served.engine.gate.clear()
        address = f"127.0.0.1:{served.server.port}"
        command = [sys.executable, "-c", FOREGROUND, "submit", *map(str, photos), "-o", str(tmp_path / "out")]
        process = subprocess.Popen([*command, "--server", address], stderr=subprocess.PIPE, text=True)
        try:
            await is_so(lambda: bool(served.engine.ran), seconds=60)
            process.send_signal(2)
            _, said = await asyncio.to_thread(process.communicate)
        finally:
            process.kill()
        assert process.returncode == 130
        assert said.splitlines()[-1].startswith("Stopped, here and on the server")
        await is_so(lambda: not len(served.desk))
        served.engine.gate.set()
        assert not (tmp_path / "out").exists()

    serve(tmp_path / "results", body, SceneWriter)


def test_torch_is_not_loaded():
    code = "import sys, snapsplat.submit_cli, snapsplat.client.aio; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_verdicts_have_the_protocol_s_numbers():
    assert {f"VERDICT_{word.upper()}": number for number, word in VERDICTS.items()} == {
        name: number for name, number in result_pb2.Verdict.items() if number
    }
