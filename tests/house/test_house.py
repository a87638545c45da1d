"""The house itself: small files, a tree that travels, commands that exist, links that lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 400
MAX_BYTES = 44_000_000
MACHINE_PATH = re.compile(r"(?<![\w.$}/~])/(?:work|farm|root|home/\w+|Users/\w+)/")


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def tracked_text() -> dict[str, str]:
    texts = {}
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            texts[path.relative_to(ROOT).as_posix()] = content.decode()
    return texts


def make_recipe(target: str) -> list[str]:
    """Commands that the Makefile runs for `target`, without what it needs first."""
    rule = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert rule, f"the Makefile has no rule for {target}"
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in rule[1].splitlines()]


def test_no_source_file_has_two_ideas():
    long = {name: n for name, text in tracked_text().items() if (n := text.count("\n")) > MAX_LINES}
    assert {name: n for name, n in long.items() if name.endswith(".py")} == {}


def test_tree_is_small_enough_to_travel():
    assert sum(path.stat().st_size for path in tracked_files()) < MAX_BYTES


def test_no_machine_paths():
    stray = {name: MACHINE_PATH.search(text) for name, text in tracked_text().items()}
    assert {name: found[0] for name, found in stray.items() if found and not name.endswith("test_house.py")} == {}


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_commands_and_links_in_documents_exist(document: Path):
    text = document.read_text()
    for target in re.findall(r"^(?:\s*\$ )?make ([a-z]+)|`make ([a-z]+)`", text, re.MULTILINE):
        make_recipe("".join(target))
    for module in re.findall(r"python -m ((?:bench|data_tools|tests)[\w.]*)", text):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file(), module
    for path in re.findall(r"`((?:recon|render|snapsplat|data_tools|bench|configs|tests)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert link.startswith("https://") or (document.parent / link).exists(), link


def test_file_tree_in_the_readme_exists():
    (tree,) = re.findall(r"^```text\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    parent = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if line.startswith(" "):
            assert (parent / name).exists(), f"{parent.name}/{name}"
        else:
            parent = ROOT / name
            assert parent.exists(), name


def test_hooks_run_what_make_test_runs():
    hooks = re.findall(r"entry: ([^,]+),", (ROOT / ".pre-commit-config.yaml").read_text())
    assert hooks == make_recipe("test")
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
