"""What is installed: the wheel carries the code, configs, weights and notices, and names the command."""

import importlib.util
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.parametrize("folder", ["snapsplat", "server", "recon", "render", "data_tools", "configs"])
def test_wheel_carries_every_file_of_the_package(wheel: zipfile.ZipFile, folder: str):
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".safetensors"} or path.name == "py.typed"
    }
    assert wanted
    assert wanted <= set(wheel.namelist())


def test_wheel_carries_licence_and_notice(wheel: zipfile.ZipFile):
    names = wheel.namelist()
    for file in ("LICENSE", "NOTICE"):
        (held,) = (name for name in names if name.endswith(f".dist-info/licenses/{file}"))
        assert wheel.read(held) == (ROOT / file).read_bytes()


def test_wheel_carries_nothing_else(wheel: zipfile.ZipFile):
    tops = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name}
    assert tops == {"snapsplat", "server", "recon", "render", "data_tools", "configs"}


def test_command_is_installed():
    (command,) = entry_points(group="console_scripts", name="snapsplat")
    assert callable(command.load())


def test_installed_metadata_is_that_of_pyproject():
    assert any(line.startswith("torch==") for line in requires("snapsplat") or ())
    assert importlib.util.find_spec("configs") is not None
