"""What a server learns of costs outlives it, however it ends."""

import asyncio
from pathlib import Path

import pytest

import server.forecast
from recon.cost_file import KeptCosts
from server.forecast import LearnedForecast
from tests.server.fakes import SMALL


def test_what_is_learned_is_saved_while_the_server_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server.forecast, "SAVE_SECONDS", 0.01)
    file = tmp_path / "cost.json"

    def kept() -> int:
        return KeptCosts("test", file).model(SMALL.model).measured

    async def body() -> None:
        forecast = LearnedForecast(KeptCosts("test", file))
        saving = asyncio.create_task(forecast.keep_saving())
        await asyncio.sleep(0.03)
        assert not file.exists()
        for batches in (1, 2):
            forecast.learn(SMALL, 1, 2.0, 10**9)
            async with asyncio.timeout(10):
                while kept() < batches:
                    await asyncio.sleep(0.01)
        saving.cancel()

    asyncio.run(body())
