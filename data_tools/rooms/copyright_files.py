"""Debian's copyright files, as far as machines can read them: which licence each file of a package is under.

The format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

FREE = re.compile(r"public-domain|cc0(-1\.0)?|cc-by(-sa)?-[234]\.0", re.IGNORECASE)
"""Licences whose pictures are used: all may be changed and passed on, those that are not in the public domain with
credit."""


@dataclass(frozen=True)
class Terms:
    """What one paragraph of a copyright file says."""

    patterns: tuple[str, ...]
    """Paths in the package's source; * stands for anything, slashes too."""
    credit: str
    """Its first line on copyright."""
    licence: str
    """The short name, such as `CC-BY-SA-4.0`."""

    @property
    def free(self) -> bool:
        return FREE.fullmatch(self.licence) is not None


def read_copyright(text: str) -> list[Terms]:
    """The paragraphs on files, in their order."""
    terms = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in paragraph.splitlines():
            if (field := re.match(r"([A-Za-z-]+):(.*)", line)) is not None:
                lines = fields.setdefault(field[1].lower(), [])
                line = field[2]
            lines.append(line.strip())
        if {"files", "copyright", "license"} <= fields.keys():
            credit = next((line for line in fields["copyright"] if line), "")
            terms.append(Terms(tuple(" ".join(fields["files"]).split()), credit, fields["license"][0]))
    return terms


def terms_of(path: str, terms: list[Terms]) -> Terms | None:
    """The last paragraph that is about the file installed at `path`; None where none is.

    A package installs its files elsewhere than its source has them: a pattern fits at the end of a path too, and one
    without * wherever the file of that name has gone.
    """
    found = None
    for paragraph in terms:
        for pattern in paragraph.patterns:
            name = PurePosixPath(pattern).name
            moved = "*" not in name and "?" not in name and name == PurePosixPath(path).name
            if moved or fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}"):
                found = paragraph
    return found
