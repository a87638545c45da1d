"""Everything that snapsplat refuses, as one small tree of exceptions.

A message is a sentence: what was wrong, the value received, what would be right. The command line's exit codes
hang on these classes in `snapsplat/exit_codes.py`.
"""


class SnapsplatError(Exception):
    """Root of every error that is the caller's to mend; its message is meant for a person."""

    reason: str = ""
    """What a server calls it, as docs/protocol.md lists it; empty for what was refused on this machine."""
    field: str = ""
    """Path of what is to blame in what was sent to a server, such as `images[3].photo`; empty where nothing is."""


class InputError(SnapsplatError):
    """The photos given, as a set, cannot make a scene: none, one alone, two of one name."""


class PhotoError(InputError):
    """One photo cannot be used. `file` says which."""

    def __init__(self, file: object, problem: str):
        self.file = str(file)
        super().__init__(f"{file} {problem}")
        self._problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Between processes as it was made; an exception is otherwise made anew of its message alone."""
        return type(self), (self.file, self._problem)


class MaskError(PhotoError):
    """The mask that came with one photo cannot be used; `file` is the photo."""


class TooManyPixelsError(PhotoError):
    """One photo has more pixels than are decoded."""


class CamerasError(SnapsplatError):
    """Given cameras cannot be used: malformed file, not a rotation, not finite, contradicting the photos."""


class ConfigError(SnapsplatError):
    """An option or a configuration value is unknown, mistyped or out of range."""


class ReconstructionError(SnapsplatError):
    """The photos were read, but no scene can be made of them, such as when no two of them overlap."""


class FileFormatError(SnapsplatError):
    """A file of a known format is malformed. `path` says which."""

    def __init__(self, path: object, problem: str):
        self.path = str(path)
        super().__init__(f"{path}: {problem}")
        self._problem = problem

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """See `PhotoError`."""
        return type(self), (self.path, self._problem)


class OutputError(SnapsplatError):
    """The output folder cannot be written: not a folder, no permission, disk full."""


class BackendError(SnapsplatError):
    """A backend was asked for that this machine cannot run."""


def require(fits: bool, option: str, value: object, right: str) -> None:
    """Refuse an option's value.

    Raises:
        ConfigError: `fits` is False.
    """
    if not fits:
        raise ConfigError(f"{option} is {value!r}; it must be {right}.")
