"""What was carried to a machine without a network, and how it is put to use there; needs no package itself."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACK = "rooms_pack.npz"
"""Furniture and pictures in one file: `python -m data_tools.rooms.furniture --pack`."""
STATE = "state.tar"
"""What going on needs, in pieces: `state.tar.00` and so on."""


def install_carried(wheels: Path) -> None:
    """Install all that lies in `wheels` into a folder of its own, for this run alone; torch is never touched.

    Processes that are started later find it as well.
    """
    carried = sorted(str(path) for path in wheels.iterdir() if path.suffix in (".whl", ".gz"))
    if not carried:
        return
    target = Path(tempfile.mkdtemp(prefix="carried_"))
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--find-links", str(wheels), "--target", str(target), *carried], check=True)
    sys.path.insert(1, str(target))


def use_furniture(carried: Path) -> str:
    """Furnish rooms from the pack in `carried`, if there is one; says in words what rooms are furnished with."""
    pack = carried / PACK
    if pack.is_file():
        os.environ["SNAPSPLAT_CACHE"] = str(pack.resolve())
    return f"furnished from {os.environ.get('SNAPSPLAT_CACHE', 'the cache of this machine, if there is one')}"


def unpack_state(carried: Path, run: Path) -> bool:
    """Put what an earlier run left in pieces into `run`, unless a run stands there already; whether it did."""
    pieces = sorted(carried.glob(f"{STATE}.[0-9][0-9]"))
    if not pieces or any(run.glob("*/last.pt")):
        return False
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as whole:
        for piece in pieces:
            with piece.open("rb") as part:
                shutil.copyfileobj(part, whole)
        whole.seek(0)
        with tarfile.open(fileobj=whole) as archive:
            archive.extractall(run, filter="data")
    return True
