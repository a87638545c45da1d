"""What the command line answers to each kind of failure: one table, which `snapsplat --help` shows."""

from render.errors import (
    BackendError,
    CamerasError,
    ConfigError,
    FileFormatError,
    InputError,
    OutputError,
    ReconstructionError,
)
from snapsplat.client.errors import ServiceError
from snapsplat.errors import BatchError

EXIT_CODES: dict[type[BaseException], tuple[int, str]] = {
    ConfigError: (2, "an option or a configuration value is wrong"),
    InputError: (3, "the photos cannot be used"),
    CamerasError: (4, "the given cameras cannot be used"),
    ReconstructionError: (5, "no scene can be made of these photos"),
    OutputError: (6, "the output folder cannot be written"),
    FileFormatError: (7, "a file is missing or malformed"),
    BackendError: (8, "this machine lacks what was asked for"),
    MemoryError: (9, "out of memory"),
    ServiceError: (10, "the server did not do it"),
    BatchError: (11, "some scenes of a batch were not made"),
    KeyboardInterrupt: (130, "stopped by Ctrl-C"),
}
"""Kind of failure -> exit code and meaning; a subclass shares the code of its nearest ancestor here."""


def exit_code(kind: type[BaseException]) -> int:
    """The code of the nearest ancestor in the table.

    Raises:
        KeyError: the kind is none that the command line answers to.
    """
    for ancestor in kind.__mro__:
        if ancestor in EXIT_CODES:
            return EXIT_CODES[ancestor][0]
    raise KeyError(f"{kind.__name__} has no exit code; give it a row in EXIT_CODES.")
