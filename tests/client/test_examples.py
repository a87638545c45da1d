"""The examples of other clients run."""

import asyncio
import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.server.loopback import Served, serve

EXAMPLES = Path(__file__).parents[2] / "examples"
SCENE = b"one photoanother photo" * 100_000
"""That the painter makes of two photos."""


def two_photos(folder: Path) -> list[Path]:
    """They are none, and the painter does not mind."""
    photos = [folder / "a.jpg", folder / "b.jpg"]
    for photo, content in zip(photos, (b"one photo", b"another photo"), strict=True):
        photo.write_bytes(content)
    return photos


def plain_client() -> Any:
    spec = importlib.util.spec_from_file_location("plain_grpc_client", EXAMPLES / "plain_grpc_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_plain_grpc_client_gets_its_scene(tmp_path: Path):
    photos = two_photos(tmp_path)

    async def body(served: Served) -> None:
        submit, out = plain_client().submit, tmp_path / "scene.ply"
        address = f"127.0.0.1:{served.server.port}"
        await asyncio.to_thread(submit, address, out, photos)
        assert out.read_bytes() == SCENE
        with pytest.raises(grpc.RpcError) as error:
            await asyncio.to_thread(submit, address, out, [photos[0]] * 2)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]

    serve(tmp_path / "results", body)


TYPESCRIPT = EXAMPLES / "typescript"


NPM_SECONDS = 20
UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "E503", "ERR_SOCKET")
"""What npm says of a registry that it does not get to."""


@pytest.fixture
def typescript(tmp_path: Path) -> Path:
    """The example with its packages: where it stands if they are there, else a copy that gets them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node here")
    if (TYPESCRIPT / "node_modules").is_dir():
        return TYPESCRIPT
    copy = tmp_path / "copy" / "examples" / "typescript"
    shutil.copytree(TYPESCRIPT, copy)
    shutil.copytree(EXAMPLES.parent / "proto", tmp_path / "copy" / "proto")
    command = ["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        installed = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not get the packages within {NPM_SECONDS} s")
    if installed.returncode and any(sign in installed.stderr for sign in UNREACHED):
        pytest.skip("npm cannot reach its registry")
    assert installed.returncode == 0, installed.stderr
    return copy


def test_a_client_in_typescript_gets_its_scene(typescript: Path, tmp_path: Path):
    photos = two_photos(tmp_path)

    async def run(*arguments: object) -> tuple[int | None, str]:
        command = [str(typescript / "node_modules" / ".bin" / "tsx"), "submit.ts", *map(str, arguments)]
        both = asyncio.subprocess.STDOUT
        process = await asyncio.create_subprocess_exec(
            *command, cwd=typescript, stdout=asyncio.subprocess.PIPE, stderr=both
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    async def body(served: Served) -> None:
        address, out = f"127.0.0.1:{served.server.port}", tmp_path / "scene.ply"
        code, said = await run(address, out, *photos)
        assert code == 0, said
        assert out.read_bytes() == SCENE
        assert said.splitlines()[-1] == f"0 Gaussians: {out}"
        code, said = await run(address, out, photos[0], photos[0])
        assert code == 1
        assert "images[1].name is 'a.jpg', as of images[0]; unique is right." in said

    serve(tmp_path / "results", body)
