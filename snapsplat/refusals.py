"""What a command answers when it cannot go on: a sentence and an exit code instead of a traceback."""

import contextlib
from collections.abc import Iterator, Mapping

import typer

from render.errors import SnapsplatError
from snapsplat.exit_codes import EXIT_CODES, exit_code

EXIT_CODES_HELP = "\n\n".join(
    ["Exit codes:", "\b\n" + "\n".join(f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES.values())]
)
"""The table as the epilog of a command's help."""

NOTHING: Mapping[str, str] = {}
_TORCH_OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


@contextlib.contextmanager
def refusals_told(when_stopped: str, out_of_memory: str, typed: Mapping[str, str] = NOTHING) -> Iterator[None]:
    """Turn what the user can mend into a sentence and an exit code. Anything else is a bug and keeps its traceback.

    Args:
        when_stopped: what is said after Ctrl-C.
        out_of_memory: what is said when memory has run out, with a way to need less.
        typed: what a sentence about an option begins with -> what the user has typed: `options.size_px` -> `--size`.
    """
    try:
        yield
    except SnapsplatError as error:
        name, space, rest = str(error).partition(" ")
        _end(type(error), typed.get(name, name) + space + rest)
    except KeyboardInterrupt:
        _end(KeyboardInterrupt, when_stopped)
    except (MemoryError, RuntimeError) as error:
        # torch tells of memory by RuntimeError, on a CPU by its text alone.
        if isinstance(error, RuntimeError) and not any(said in str(error) for said in _TORCH_OUT_OF_MEMORY):
            raise
        _end(MemoryError, out_of_memory)


def printable(text: str) -> str:
    """Names come from files of strangers: what would steer a terminal is left out."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _end(kind: type[BaseException], sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(exit_code(kind)) from None
