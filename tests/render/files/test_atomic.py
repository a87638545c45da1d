"""A folder that is not there is found out before the work."""

from pathlib import Path

import pytest

from render.errors import OutputError
from render.files.atomic import check_parent


def test_where_there_is_no_folder_there_is_a_sentence(tmp_path: Path) -> None:
    check_parent(tmp_path / "a.ply")
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        with pytest.raises(OutputError, match=f"a.ply cannot be written .*{folder}"):
            check_parent(tmp_path / folder / "a.ply")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
