"""Tokens: only those of the file let in, and the file may change at any time."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from render.errors import ConfigError
from server.tokens import TOKEN, Tokens, new_token
from snapsplat.cli import app


class FakeClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def write(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines))


@given(st.text(max_size=80))
def test_nothing_else_lets_in(tmp_path_factory: pytest.TempPathFactory, text: str):
    token, line = new_token("alice")
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    write(path, line)
    tokens = Tokens(path, FakeClock())
    assert tokens.name_of(token) == "alice"
    for wrong in (text, token + text if text else "", token.replace(token[-1], ""), line, line.split()[1]):
        assert tokens.name_of(wrong) is None


def test_a_token_is_long_random_and_not_in_the_file():
    made = [new_token("alice") for _ in range(100)]
    assert len({token for token, _ in made}) == 100
    assert all(TOKEN.fullmatch(token) and token not in line for token, line in made)


def test_the_file_is_read_again_when_it_changes(tmp_path: Path):
    (old, old_line), (new, new_line) = new_token("alice"), new_token("alice")
    path, clock = tmp_path / "tokens", FakeClock()
    write(path, "# those who may call", "", f"{old_line}  # until May")
    tokens = Tokens(path, clock)
    write(path, old_line, new_line)
    assert (tokens.name_of(old), tokens.name_of(new)) == ("alice", None)
    clock.now = 1
    assert (tokens.name_of(old), tokens.name_of(new)) == ("alice", "alice")
    write(path, new_line)
    clock.now = 2
    assert (tokens.name_of(old), tokens.name_of(new)) == (None, "alice")
    write(path, "# nobody any more")
    clock.now = 3
    assert tokens.name_of(new) is None


@pytest.mark.parametrize("bad", ["alice", "alice xyz", "a b c", "alice " + "A" * 64, "\0\0"])
def test_a_file_that_went_bad_changes_nothing_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str):
    token, line = new_token("alice")
    path, clock = tmp_path / "tokens", FakeClock()
    write(path, line)
    tokens = Tokens(path, clock)
    write(path, line, bad)
    clock.now = 1
    with caplog.at_level(logging.ERROR):
        assert tokens.name_of(token) == "alice"
    assert "line 2: NAME and 64 hexadecimal digits are expected" in caplog.text
    path.unlink()
    clock.now = 2
    assert tokens.name_of(token) == "alice"


def test_a_file_that_is_no_good_is_refused_at_the_start(tmp_path: Path):
    path = tmp_path / "tokens"
    with pytest.raises(ConfigError, match="cannot be read"):
        Tokens(path, FakeClock())
    write(path, "# nobody")
    with pytest.raises(ConfigError, match="has no token, so that nobody could call"):
        Tokens(path, FakeClock())
    _, line = new_token("alice")
    write(path, line, line.replace("alice", "bob"))
    with pytest.raises(ConfigError, match="line 2: alice and bob have one token"):
        Tokens(path, FakeClock())


def test_a_token_put_in_by_mistake_is_not_told(tmp_path: Path):
    token, _ = new_token("alice")
    write(tmp_path / "tokens", f"alice {token}")
    with pytest.raises(ConfigError) as error:
        Tokens(tmp_path / "tokens", FakeClock())
    assert token not in str(error.value)


def test_the_command_makes_a_token_that_lets_in(tmp_path: Path):
    token, line = CliRunner().invoke(app, ["token", "alice"]).stdout.splitlines()
    write(tmp_path / "tokens", line)
    assert Tokens(tmp_path / "tokens", FakeClock()).name_of(token) == "alice"
    refused = CliRunner().invoke(app, ["token", "al ice"])
    assert (refused.exit_code, "The name is 'al ice'" in refused.output) == (2, True)
