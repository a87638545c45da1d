"""Kinds of places, a file each: a function that makes a stage of random numbers."""

from collections.abc import Callable

import numpy as np

from data_tools.rooms.layouts.facade import facade
from data_tools.rooms.layouts.room import room
from data_tools.rooms.layouts.stage import Stage
from data_tools.rooms.layouts.street import street
from data_tools.rooms.layouts.table import table
from data_tools.rooms.layouts.terrain import terrain
from data_tools.rooms.layouts.turntable import turntable
from data_tools.rooms.supplies import Supplies

Layout = Callable[[np.random.Generator, Supplies], Stage]
LAYOUTS: dict[str, tuple[Layout, float]] = {
    "room": (room, 0.32),
    "table": (table, 0.16),
    "turntable": (turntable, 0.1),
    "street": (street, 0.16),
    "terrain": (terrain, 0.12),
    "facade": (facade, 0.14),
}
"""By name, with the share of scenes that each makes."""
