"""Workers that cannot begin: tried again so often, and done without while another is left."""

from collections.abc import Mapping
from multiprocessing import Pipe
from typing import Any

import pytest

from recon.batch.crew import STARTS, Crew, Lost
from recon.batch.fleet import Worker
from recon.batch.messages import Message, Ready, Refused
from render.errors import BackendError, OutputError


class Told(Worker):
    """Has said one thing and ended, if it said anything."""

    def __init__(self, device: str, message: Message | None):
        near, self._far = Pipe()
        super().__init__(device, near)
        if message is not None:
            self._far.send(message)
        if not isinstance(message, Ready):
            self._far.close()

    def kill(self, within_seconds: float = 0) -> str:  # noqa: ARG002 - it has ended
        self.connection.close()
        return "exit code 1"


def crew_of(says: Mapping[str, list[Any]]) -> tuple[Crew, list[str]]:
    """By device what its workers say, one after the other, the last again and again; and which were started."""
    started: list[str] = []

    def start(device: str) -> Told:
        started.append(device)
        return Told(device, says[device].pop(0) if len(says[device]) > 1 else says[device][0])

    return Crew(list(says), start, lambda _: 600.0), started


@pytest.mark.parametrize("failure", [None, Refused(RuntimeError("no memory"))])
def test_where_none_can_begin_the_others_go_on(failure: Message | None):
    crew, started = crew_of({"cuda:0": [Ready()], "cuda:1": [failure]})
    heard = [event for _ in range(STARTS + 1) for event in crew.hear()]
    assert sum(isinstance(event, Lost) for event in heard) == STARTS
    assert started.count("cuda:1") == STARTS
    assert [(worker.device, worker.ready) for worker in crew.workers] == [("cuda:0", True)]


def test_a_worker_that_begins_at_last_works():
    crew, started = crew_of({"cuda:0": [None] * (STARTS - 1) + [Ready()]})
    for _ in range(STARTS):
        list(crew.hear())
    assert [worker.ready for worker in crew.workers] == [True]
    assert len(started) == STARTS


def test_where_no_worker_is_left_the_run_ends():
    crew, started = crew_of({"cuda:0": [None]})
    for _ in range(STARTS - 1):
        list(crew.hear())
    with pytest.raises(BackendError, match=r"No worker is left: 3 in a row could not begin on cuda:0 \(exit code 1\)"):
        list(crew.hear())
    assert len(started) == STARTS


def test_what_a_worker_refuses_before_any_works_is_told_at_once():
    crew, started = crew_of({"cuda:0": [Refused(OutputError("OUT is not there."))]})
    with pytest.raises(OutputError, match="OUT is not there"):
        list(crew.hear())
    assert len(started) == 1
