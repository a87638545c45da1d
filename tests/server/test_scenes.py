"""What a worker says of files that it cannot write: nothing of the server's own folders."""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recon.images import ImageSet, Photo
from recon.scene_input import make_input
from render.errors import FileFormatError, OutputError, SnapsplatError
from render.files.cameras_json import CamerasFile
from server.errors import EngineError
from server.messages import SceneOrder
from server.scenes import write_scene
from tests.recon.small_scene import NAMES, small_reconstruction


@pytest.mark.parametrize(
    ("failure", "told", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputError, "No space left on device"),
        (FileFormatError("a/secret/place", "3 Gaussians hold NaN."), EngineError, "numbers that no file may have"),
    ],
)
def test_the_client_is_told_no_path_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception, told: type[SnapsplatError], sentence: str
):
    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr("recon.outputs.write_ply", failing)
    order = SceneOrder("a", NAMES, (False,) * 3, tmp_path, tmp_path, CamerasFile("relative", {}), 48, ("scene.ply",))
    photo = Photo("a.jpg", np.zeros((32, 48, 3), np.uint8), None, (48, 32), None)
    scene = make_input(ImageSet((photo,)), None, 48, 0.0)
    answer = replace(small_reconstruction(), report={"stages": {}, "warnings": []})
    with pytest.raises(told, match=sentence) as caught:
        write_scene(answer, order, scene, 0, 1.0)
    assert str(tmp_path) not in str(caught.value)
    assert "secret" not in str(caught.value)
