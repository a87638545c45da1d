"""nerfstudio's `transforms.json`: camera to world in OpenGL's axes (x right, y up, z backward), pixel centre at +0.5.

| key | where | what |
|---|---|---|
| camera_model | file | OPENCV, with no distortion |
| frames | file | one object for each photo |
| file_path | frame | `images/NAME`, beside the file |
| w, h, fl_x, fl_y, cx, cy | frame | pixels of the upright photo |
| transform_matrix | frame | four rows of four numbers |

The world is the scene's own, in which -y is up; nerfstudio turns and scales it by itself unless told not to.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from render.cameras import Cameras
from render.files.atomic import write_atomically

OPENGL_AXES = (1.0, -1.0, -1.0, 1.0)
"""What the columns of a pose in OpenCV's axes are multiplied by."""


def write_transforms_json(path: Path, names: Sequence[str], cameras: Cameras) -> None:
    """Write cameras, one for each name; numbers read back bit for bit.

    Raises:
        OutputError: the folder cannot be written.
    """
    poses = cameras.T_world_camera * torch.tensor(OPENGL_AXES, dtype=torch.float64)
    frames = []
    for name, K, (w, h), pose in zip(names, cameras.K_px.tolist(), cameras.size_wh.tolist(), poses, strict=True):
        (fl_x, _, cx), (_, fl_y, cy), _ = K
        lens = {"w": w, "h": h, "fl_x": fl_x, "fl_y": fl_y, "cx": cx, "cy": cy}
        frames.append({"file_path": f"images/{name}", **lens, "transform_matrix": pose.tolist()})
    content = {"camera_model": "OPENCV", "frames": frames}
    write_atomically(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
