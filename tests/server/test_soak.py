"""The soak of bench/soak.py, short."""

import asyncio
from pathlib import Path

from bench.soak import soak


def test_whatever_happens_every_request_is_answered_and_nothing_is_left(tmp_path: Path):
    one = asyncio.run(soak(requests=100, seed=1, folder=tmp_path))
    answered = {how for _, how in one.ended}
    assert one.ended.total() == 100
    assert {"OK", "CHECKSUM_MISMATCH"} <= answered
