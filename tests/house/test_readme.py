"""The README's library example runs as it stands, and leaves what docs/outputs.md lists."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def test_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["picture"].shape == (340, 512, 3)
    assert names["picture"].max() > 0.1
    with Image.open(tmp_path / "out" / "view.png") as saved:
        assert saved.size == (512, 340)
    listed = re.findall(r"^\| `([^`]+)` \|", _file_table(), re.MULTILINE)
    assert "scene.ply" in listed
    for file in listed:
        for photo in (ROOT / "examples" / "banana").glob("*.jpg"):
            assert (tmp_path / "out" / "banana" / file.replace("NAME", photo.name)).is_file(), file


def _file_table() -> str:
    """What docs/outputs.md says before its first heading of a file."""
    return (ROOT / "docs" / "outputs.md").read_text().split("\n## ")[0]
