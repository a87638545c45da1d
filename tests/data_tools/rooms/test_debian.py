import io
import tarfile

import pytest

from data_tools.rooms import debian
from data_tools.rooms.debian import download_deb, unpack_without_dpkg
from render.errors import ConfigError, FileFormatError


def ar(members: dict[str, bytes]) -> bytes:
    out = b"!<arch>\n"
    for name, content in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return out


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_package_is_unpacked_without_dpkg(tmp_path):
    deb = tmp_path / "a.deb"
    deb.write_bytes(ar({"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": tar({"./usr/a": b"x"})}))
    unpack_without_dpkg(deb, tmp_path / "out")
    assert (tmp_path / "out" / "usr" / "a").read_bytes() == b"x"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"!<arch>\n", ar({"debian-binary": b"2.0\n"}), ar({"data.tar.xz": b"none"}),
     ar({"data.tar.xz": tar({"../../evil": b"x"})}), b"!<arch>\n" + b"x" * 60],
)  # fmt: skip
def test_what_is_no_package_is_refused_and_writes_nothing_outside(tmp_path, content):
    deb = tmp_path / "a.deb"
    deb.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"a\.deb"):
        unpack_without_dpkg(deb, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil"))


def test_without_apt_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(debian.shutil, "which", lambda _: None)
    with pytest.raises(ConfigError, match=r"packages\.debian\.org"):
        download_deb("some=1", tmp_path)


def test_what_is_there_is_not_fetched_again(tmp_path):
    deb = tmp_path / "some_1_all.deb"
    deb.write_bytes(b"x")
    assert download_deb("some=1", tmp_path) == deb
    with pytest.raises(FileFormatError, match="sha256"):
        download_deb("some=1", tmp_path, "0" * 64)
