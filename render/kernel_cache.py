"""Compiled kernels that are older than the code they came from.

numba looks at the file that a kernel stands in, not at those it takes constants and functions from: after an update of
those alone it would go on with the old machine code.
"""

import hashlib
from pathlib import Path


def drop_stale_kernels(package: Path, *others: Path) -> None:
    """Remove what numba has kept for `package`, if any source file of it or of the `others` has changed since.

    Where nothing can be written numba keeps its kernels elsewhere, for a package that was installed as a whole.
    """
    digest = hashlib.sha256()
    for folder in (package, *others):
        for source in sorted(folder.rglob("*.py")):
            digest.update(source.read_bytes())
    stamp = package / "__pycache__" / "kernels.sha256"
    if stamp.is_file() and stamp.read_text() == digest.hexdigest():
        return
    try:
        for index in package.rglob("__pycache__/*.nbi"):
            index.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest.hexdigest())
    except OSError:
        return
