"""Tools that need Node 22 or newer, where SNAPSPLAT_NODE names a folder in which npm has put them.

npm install node@22 @playcanvas/splat-transform@3 gltf-validator
"""

import os
import subprocess
from pathlib import Path

FOLDER = Path(os.environ.get("SNAPSPLAT_NODE", "nowhere")) / "node_modules"
NODE = FOLDER / "node" / "bin" / "node"
SPLAT_TRANSFORM = FOLDER / "@playcanvas" / "splat-transform" / "bin" / "cli.mjs"
VALIDATOR = FOLDER / "gltf-validator"
MISSING = "SNAPSPLAT_NODE names no folder with these npm packages"


def splat_transform(*arguments: object) -> None:
    """Run it without a GPU; what it says is shown where it fails."""
    command = [str(NODE), str(SPLAT_TRANSFORM), "-w", "-q", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def validated(path: Path) -> str:
    """What Khronos' validator says of a .glb, as JSON."""
    script = (
        f"require({str(VALIDATOR)!r}).validateBytes(new Uint8Array(require('fs').readFileSync({str(path)!r})))"
        ".then(report => console.log(JSON.stringify(report)))"
    )
    done = subprocess.run([str(NODE), "-e", script], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
