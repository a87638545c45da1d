"""Photos in memory, read as those on disk are."""

import io
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PhotoBytes:
    """A photo's file, or a mask's, that is not on disk."""

    name: str
    """File name of the photo, by which outputs and errors go."""
    content: bytes | bytearray

    def __str__(self) -> str:
        return self.name

    def open(self, _mode: str) -> io.BytesIO:
        """As `Path.open` for reading bytes."""
        return io.BytesIO(self.content)


PhotoSource = Path | PhotoBytes
