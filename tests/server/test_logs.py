"""Lines that a machine reads, about whom and what they are, and without secrets."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from server.guard_config import SecurityConfig
from server.logs import configure_logs, log_event
from server.tokens import new_token
from tests.server.guarded import Guarded, guard, token_file
from tests.server.loopback import refused, told


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logging.captureWarnings(False)
    configure_logs(stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_of_a_call_says_whose_it_is(tmp_path: Path, lines: io.StringIO):
    path, tokens = token_file(tmp_path, "alice")

    async def body(guarded: Guarded) -> None:
        async with guarded.plain(tokens[0]) as alice, guarded.plain("nobody's") as nobody:
            await told(alice.send(request_id="a-1"))
            assert (await refused(alice.get("other")))[1] == "REQUEST_UNKNOWN"
            assert (await refused(nobody.get("a-1")))[1] == "UNAUTHENTICATED"
            await guarded.server.drain(0.05)

    guard(tmp_path, body, SecurityConfig(tokens=path), watch=log_event)
    found = {line["event"] + line.get("reason", ""): line for line in read(lines)}
    assert {"level", "logger", "timestamp"} <= found["accepted"].keys()
    about = {name: (line.get("request_id"), line.get("principal")) for name, line in found.items()}
    assert about == {
        "accepted": ("a-1", "token:alice"),
        "batch began": (None, None),
        "batch ended": (None, None),
        "request endedOK": ("a-1", "token:alice"),
        "refusedREQUEST_UNKNOWN": ("other", "token:alice"),
        "refusedUNAUTHENTICATED": (None, "address:127.0.0.1"),
        "draining": (None, None),
    }
    assert (found["accepted"]["photos"], found["accepted"]["size_bytes"]) == (2, 30)
    assert found["batch began"]["jobs"][0].startswith("a-1")
    assert found["refusedUNAUTHENTICATED"]["code"] == "UNAUTHENTICATED"
    written = lines.getvalue()
    for secret in (tokens[0], "nobody's", "one photo", Path(path).read_text().split()[1]):
        assert secret not in written


def test_a_token_that_gets_into_a_line_is_blotted_out(lines: io.StringIO):
    token, _ = new_token("alice")
    try:
        raise ValueError(f"no {token}")
    except ValueError:
        logging.getLogger("elsewhere").exception("It was %s", token)
    structlog.get_logger().warning("odd", header=f"Bearer {token}")
    assert token not in lines.getvalue()
    first, second = read(lines)
    assert first["event"] == "It was snapsplat_..."
    assert "ValueError: no snapsplat_..." in first["exception"]
    assert (first["level"], first["logger"], second["header"]) == ("error", "elsewhere", "Bearer snapsplat_...")


def test_what_a_library_warns_of_is_a_line(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("warnings.filters", [])
    warnings.warn("odd", UserWarning, stacklevel=1)
    (line,) = read(lines)
    assert "UserWarning: odd" in line["event"]
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")


def test_a_name_with_a_newline_makes_no_line_of_its_own(lines: io.StringIO):
    logging.getLogger("x").warning('a\n{"event": "forged"}')
    assert [line["event"] for line in read(lines)] == ['a\n{"event": "forged"}']
