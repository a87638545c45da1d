"""Small libraries of Sweet Home 3D, written by the tests themselves."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

CC0 = "This file is under the Creative Commons Zero (Public Domain) license"
CC_BY = "under the Creative Commons Attribution 3.0 license: http://creativecommons.org/licenses/by/3.0/"
GPL = "under the terms of the GNU General Public License"

BOX = """mtllib box.mtl
v 0 0 0
v 1 0 0
v 1 2 0
v 0 2 0
v 0 0 3
v 1 0 3
v 1 2 3
v 0 2 3
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl paint
f 1/1 4/4 3/3 2/2
f 5/1 6/2 7/3 8/4
f 1/1 2/2 6/3 5/4
usemtl wood
f 3/1 4/2 8/3 7/4
f 1/1 5/2 8/3 4/4
f 2/1 3/2 7/3 6/4
"""
BOX_LOOK = """newmtl paint
Kd 0.2 0.4 0.6
newmtl wood
Kd 0.6 0.6 0.6
map_Kd wood.png
"""


def catalogue(*models: dict[str, str]) -> str:
    rows = ["name=Test", *(f"{key}#{n}={value}" for n, model in enumerate(models, 1) for key, value in model.items())]
    return "\n".join(rows)


def row(path: str = "/test/box/box.obj", **more: str) -> dict[str, str]:
    """A box of 0.5 x 0.8 x 0.3 metres, unless told otherwise."""
    told = {"name": "Box", "category": "Bedroom", "creator": "Somebody", "model": path}
    return told | {"width": "50", "height": "80", "depth": "30", "doorOrWindow": "false"} | more


def write_library(path: Path, licence: str = CC_BY, models: tuple[dict[str, str], ...] = (row(),), **files) -> Path:
    """`files` are those beside the box, by names whose dots are written `__`; None takes a file away."""
    content: dict[str, str | bytes | None] = {
        "LICENSE.TXT": licence,
        "PluginFurnitureCatalog.properties": catalogue(*models),
        "test/box/box.obj": BOX,
        "test/box/box.mtl": BOX_LOOK,
        "test/box/wood.png": png(np.full((8, 4, 3), (120, 80, 40), np.uint8)),
    }
    content |= {f"test/box/{name.replace('__', '.')}": value for name, value in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            if value is not None:
                archive.writestr(name, value)
    return path


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
