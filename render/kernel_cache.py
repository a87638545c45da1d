"""Compiled kernels that are older than the code they came from.

numba looks at the file that a kernel stands in, not at those it takes constants and functions from: after an update of
those alone it would go on with the old machine code.
"""

import hashlib
import os
from pathlib import Path


def drop_stale_kernels(package: Path, *others: Path) -> None:
    """Remove what numba has kept beside `package`'s files, if a source of it or of the `others` has changed since.

    Nothing happens where files can't be read or written. What numba keeps elsewhere, because the package is read-only
    or NUMBA_CACHE_DIR says so, is out of reach: there, empty that folder after an update. Nor should sources change
    while a program that has loaded the old ones still runs.
    """
    stamp = package / "__pycache__" / "kernels.sha256"
    try:
        digest = hashlib.sha256()
        for folder in (package, *others):
            for source in sorted(folder.rglob("[!.]*.py")):
                digest.update(source.read_bytes())
        if stamp.is_file() and stamp.read_text() == digest.hexdigest():
            return
        for kept in (*package.rglob("__pycache__/*.nbi"), *package.rglob("__pycache__/*.nbc")):
            kept.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        temporary = stamp.with_name(f"{stamp.name}.{os.getpid()}")
        temporary.write_text(digest.hexdigest())
        temporary.replace(stamp)
    except OSError:
        return
