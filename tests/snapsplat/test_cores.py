"""Threads follow a container's share of the cores."""

import os
import subprocess
import sys

import cv2
import pytest

from snapsplat.cores import LIMITED, keep_to_granted_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch):
    for name in LIMITED:
        monkeypatch.setenv(name, "kept")  # So that it is as it was afterwards.
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


def granted(monkeypatch: pytest.MonkeyPatch, cores: int) -> list[str | None]:
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: cores)
    keep_to_granted_cores()
    return [os.environ.get(name) for name in LIMITED]


def test_a_share_is_told_to_those_who_count_cores(monkeypatch: pytest.MonkeyPatch):
    assert granted(monkeypatch, 3) == ["3", "3"]


def test_the_whole_machine_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    assert granted(monkeypatch, 8) == [None, None]


def test_who_has_set_a_number_keeps_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert granted(monkeypatch, 4) == ["2", "4"]


def test_networks_take_as_many_threads():
    code = (
        "import os, cv2; os.cpu_count = lambda: 8; cv2.getNumberOfCPUs = lambda: 1\n"
        "from snapsplat.cores import keep_to_granted_cores; keep_to_granted_cores()\n"
        "import numba, torch; print(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)"
    )
    free = {name: value for name, value in os.environ.items() if name not in LIMITED}
    done = subprocess.run([sys.executable, "-c", code], env=free, capture_output=True, text=True, check=True)
    assert done.stdout == "1 1\n"
