"""Debian packages as archives of data: fetched, checked and unpacked, never installed."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from render.errors import ConfigError, FileFormatError

AR_MAGIC = b"!<arch>\n"


def download_deb(package: str, folder: Path, sha256: str | None = None) -> Path:
    """Fetch `package` (`name`, or `name=version`) into `folder` by apt-get, unless it lies there already.

    Raises:
        ConfigError: there is no apt-get here, or it does not find the package.
        FileFormatError: the file's checksum is not `sha256`.
    """
    name, _, version = package.partition("=")
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.glob(f"{name}_{version.replace(':', '%3a')}*.deb"))
    if not found:
        if shutil.which("apt-get") is None:
            raise ConfigError(
                f"There is no apt-get here to fetch {package} with; get the .deb file from packages.debian.org on any "
                "machine and name it as the argument."
            )
        with tempfile.TemporaryDirectory(dir=folder) as part:
            run = subprocess.run(["apt-get", "download", package], cwd=part, capture_output=True, text=True)
            if run.returncode or not (fetched := sorted(Path(part).glob("*.deb"))):
                raise ConfigError(f"apt-get could not fetch {package}: {run.stderr.strip() or 'it left no file'}")
            found = [fetched[0].replace(folder / fetched[0].name)]
    check_sha256(found[0], sha256)
    return found[0]


def check_sha256(path: Path, sha256: str | None) -> None:
    """
    Raises:
        FileFormatError: the file cannot be read, or its checksum is another; None takes any.
    """
    try:
        with path.open("rb") as file:
            received = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileFormatError(path, f"cannot be read ({error.strerror or error}).") from error
    if sha256 is not None and received != sha256:
        raise FileFormatError(path, f"its sha256 is {received}; {sha256} is right.")


def unpack_deb(deb: Path, folder: Path) -> None:
    """Put the package's files under `folder`; without dpkg, Python's own archive modules do it.

    Raises:
        FileFormatError: `deb` is not a Debian package, or is packed in a way that cannot be read here.
    """
    if shutil.which("dpkg-deb"):
        run = subprocess.run(["dpkg-deb", "-x", deb, folder], capture_output=True, text=True)
        if run.returncode:
            raise FileFormatError(deb, f"dpkg-deb cannot unpack it: {run.stderr.strip()}")
        return
    unpack_without_dpkg(deb, folder)


def unpack_without_dpkg(deb: Path, folder: Path) -> None:
    """The `data.tar` inside the `ar` archive that a .deb is; members that would leave `folder` are refused.

    Raises:
        FileFormatError: as `unpack_deb`.
    """
    with deb.open("rb") as file:
        try:
            _seek_data_tar(file, deb)
            with tarfile.open(fileobj=file, mode="r|*") as archive:
                for member in archive:
                    _unpack_member(archive, member, folder.resolve())
        except tarfile.TarError as error:
            raise FileFormatError(deb, f"its files cannot be unpacked without dpkg-deb ({error}).") from error


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """A file or a folder; links are left out. (tarfile's own filters came with Python 3.11.4.)"""
    target = (folder / member.name).resolve()
    if not target.is_relative_to(folder):
        raise tarfile.TarError(f"{member.name} would lie outside")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif member.isfile() and (content := archive.extractfile(member)) is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("wb") as out:
            shutil.copyfileobj(content, out)


def _seek_data_tar(file: IO[bytes], deb: Path) -> None:
    """Go to the first byte of the member `data.tar.*`. Each member has a header of 60 bytes, and starts at an even
    place."""
    if file.read(len(AR_MAGIC)) != AR_MAGIC:
        raise FileFormatError(deb, "is not a Debian package; it does not begin with !<arch>.")
    while len(header := file.read(60)) == 60:
        size = header[48:58].strip()
        if not size.isdigit():
            break
        if header.startswith(b"data.tar"):
            return
        file.seek(int(size) + int(size) % 2, 1)
    raise FileFormatError(deb, "holds no data.tar, which a Debian package has.")
