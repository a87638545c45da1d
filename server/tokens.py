"""Tokens that say who calls, from a file of their hashes.

A line is `NAME SHA256`, and `#` begins a comment. A name may have several lines, so that a new token can be handed out
before the old one goes. The hash is a plain sha256 without salt: a token is 256 random bits, not a password that
somebody chose, so that there is nothing to guess and no two are alike, and each call can afford to hash one.
"""

import hashlib
import hmac
import logging
import re
import secrets
from pathlib import Path

from render.errors import ConfigError
from server.engine import Clock

PREFIX = "snapsplat_"
"""By which people, logs and scanners of secrets know a token."""
TOKEN_BYTES = 32
TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
LOOK_AGAIN_SECONDS = 1.0
"""How long a token may go on that was taken out of the file."""
_HASH = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


def new_token(name: str) -> tuple[str, str]:
    """A token, which nobody can find again, and the line that goes into the file.

    Raises:
        ConfigError: it is no name.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"The name is {name!r}; 1 to 64 of A-Z a-z 0-9 . _ - are expected.")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return token, f"{name} {_hashed(token)}"


class Tokens:
    """Those of one file, as it is now."""

    def __init__(self, path: Path, clock: Clock):
        """Raises:
        ConfigError: the file cannot be read, is malformed, or has no token.
        """
        self._path = path
        self._clock = clock
        self._looked = clock()
        self._state = self._state_now()
        self._names = _read(path)
        if not self._names:
            raise ConfigError(f"{path} has no token, so that nobody could call; `snapsplat token NAME` makes a line.")

    def name_of(self, token: str) -> str | None:
        """Whose token it is; None if nobody's."""
        self._look_again()
        asked = _hashed(token)
        found = None
        # All of them, however early one fits: how long it takes says nothing.
        for hashed, name in self._names.items():
            if hmac.compare_digest(hashed, asked):
                found = name
        return found

    def _look_again(self) -> None:
        """At most once a second. A file that is malformed or gone changes nothing: somebody may be writing it."""
        now = self._clock()
        if now - self._looked < LOOK_AGAIN_SECONDS:
            return
        self._looked = now
        state = self._state_now()
        if state == self._state:
            return
        self._state = state
        try:
            self._names = _read(self._path)
        except ConfigError as error:
            log.error("The tokens stay as they were: %s", error)
            return
        log.info("Tokens were read again: there are %d.", len(self._names))

    def _state_now(self) -> tuple[int, int, int] | None:
        """Another one says that the file may have changed."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def _read(path: Path) -> dict[str, str]:
    """Names by hash. What a line says is not told: it may be a token that somebody put there."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"The tokens in {path} cannot be read ({error}).") from error
    names: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not (len(words) == 2 and NAME.fullmatch(words[0]) and _HASH.fullmatch(words[1])):
            raise ConfigError(f"{path}, line {number}: NAME and 64 hexadecimal digits are expected.")
        if names.setdefault(words[1], words[0]) != words[0]:
            raise ConfigError(
                f"{path}, line {number}: {names[words[1]]} and {words[0]} have one token; each needs its own."
            )
    return names
