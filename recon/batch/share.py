"""Which scenes of a list are a shard's, and what the files of a shard are called."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from render.errors import ConfigError


@dataclass(frozen=True)
class Share:
    """Part `index` of `count`; the whole list by default."""

    index: int = 0
    count: int = 1

    @staticmethod
    def parse(text: str) -> "Share":
        """From `0/8` to `7/8`.

        Raises:
            ConfigError: it is something else.
        """
        index, _, count = text.partition("/")
        if index.isdecimal() and count.isdecimal() and int(index) < int(count):
            return Share(int(index), int(count))
        raise ConfigError(f"--shard is {text!r}; I/N with I from 0 to N - 1 is expected, such as 0/8 for the first.")

    def has(self, id: str) -> bool:
        """Whether a scene is in it: by its id alone, so that no list has to be the same everywhere."""
        return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8]) % self.count == self.index

    @property
    def part(self) -> str:
        """`0of8`."""
        return f"{self.index}of{self.count}"

    def ledger(self, out: Path) -> Path:
        """`ledger.sqlite`, or that of a shard."""
        return self.file(out, "ledger", "sqlite")

    def file(self, out: Path, name: str, ending: str) -> Path:
        """`report.html`, or that of a shard: `report.0of8.html`."""
        part = "" if self.count == 1 else f".{self.part}"
        return out / f"{name}{part}.{ending}"


WHOLE = Share()
