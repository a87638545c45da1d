"""What one test says of who calls, and about what, is nothing to the next."""

from collections.abc import Iterator

import pytest

from server.caller import NOBODY, caller, request_id


@pytest.fixture(autouse=True)
def nobody_calls() -> Iterator[None]:
    """As in a server's own tasks: whoever reads a header says in its context which request it is about."""
    told, who = request_id.set(""), caller.set(NOBODY)
    yield
    request_id.reset(told)
    caller.reset(who)
