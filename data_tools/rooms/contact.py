"""A sheet of random scenes, to be looked at by whoever changes them.

python -m data_tools.rooms.contact FILE.png [--scenes 24] [--layout street] [--seed 1]
"""

import argparse
from itertools import chain
from pathlib import Path

from data_tools.inspection.sheet import scene_rows, write_sheet
from data_tools.rooms.layouts import LAYOUTS
from data_tools.rooms.source import RoomsSource

VIEWS = 3
BESIDE = 2
"""Scenes in a row of the sheet."""


def main() -> None:
    """Write the sheet: of each scene three photos, and the depth of the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layout", choices=list(LAYOUTS), help="one kind of place alone")
    arguments = parser.parse_args()
    source = RoomsSource("train", VIEWS, seed=arguments.seed, layout=arguments.layout)
    cells = []
    for index in range(arguments.scenes):
        photos, depth = scene_rows(source[index])
        cells.append([*photos, depth[0]])
    write_sheet(arguments.file, [[*chain(*cells[i : i + BESIDE])] for i in range(0, len(cells), BESIDE)])
    print(f"{arguments.file}: {arguments.scenes} scenes.")


if __name__ == "__main__":
    main()
