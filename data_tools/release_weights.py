"""Puts trained weights where the package looks for them.

    python -m data_tools.release_weights judge runs/judge/best.safetensors "how they were trained"

Prints the line that `recon/weight_files.py` has of them.
"""

import sys
from pathlib import Path

import safetensors.torch

from data_tools.make_weights import to_safetensors, write


def main(name: str, trained: Path, how: str) -> None:
    """`trained` is a file that training left; `how` goes into the metadata."""
    metadata = {"licence": "Apache-2.0", "copyright": "the snapsplat authors", "training": how}
    write(name, to_safetensors(safetensors.torch.load_file(trained), metadata))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
