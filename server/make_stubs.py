"""`python -m server.make_stubs`: makes `server/pb` of `proto/`, from the root of the repository.

protoc names modules by their place under `proto/`, which would be inside the package `snapsplat`; they are renamed
to where they are.
"""

import re
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[1]
SERVICE = "service.proto"


def make_stubs() -> dict[str, str]:
    """Name and content of every generated file.

    Raises:
        RuntimeError: protoc refuses; it has said why on stderr.
    """
    sources = sorted((ROOT / "proto").glob("snapsplat/v1/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        messages = [f"--python_out={folder}", f"--pyi_out={folder}", *map(str, sources)]
        services = [f"--grpc_python_out={folder}", *(str(source) for source in sources if source.name == SERVICE)]
        for outputs in (messages, services):
            code = protoc.main(["protoc", f"--proto_path={ROOT / 'proto'}", *outputs])
            if code:
                raise RuntimeError(f"protoc ended with {code}; it ends with 0 where proto/ is sound.")
        return {path.name: _renamed(path.read_text()) for path in sorted(Path(folder).rglob("*.py*"))}


def _renamed(content: str) -> str:
    return re.sub(r"\bsnapsplat\.v1( import |\.)(\w+_pb2)\b", r"server.pb\1\2", content)


def main() -> None:
    """Write them over those that are there."""
    folder = ROOT / "server" / "pb"
    for old in folder.glob("*_pb2*"):
        old.unlink()
    for name, content in make_stubs().items():
        (folder / name).write_text(content)


if __name__ == "__main__":
    main()
