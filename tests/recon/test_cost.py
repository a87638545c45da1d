"""A forecast grows with what is in a batch, learns what is measured, and is kept."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.cost import DEFAULT, CostModel, Load, Measured
from recon.cost_file import KeptCosts

LOADS = st.builds(
    Load, photos=st.integers(1, 16), width=st.integers(64, 1024), height=st.integers(64, 1024), scenes=st.integers(1, 8)
)
MEASURED = st.builds(Measured, LOADS, seconds=st.floats(0.01, 1000), peak_bytes=st.integers(10**8, 10**11))
CHANCE = np.random.default_rng(0)
TRUE_SECONDS, TRUE_BYTES = (0.3, 8.0, 0.05, 1.0), (2e9, 1e9, 1e7, 1e8)


@settings(max_examples=40, deadline=None)
@given(st.lists(MEASURED, max_size=6), LOADS, st.sampled_from(["photos", "width", "height", "scenes"]))
def test_more_never_costs_less(measured: list[Measured], load: Load, field: str):
    model = CostModel.fitted(measured)
    larger = Load(**{**load.__dict__, field: getattr(load, field) + 1})
    assert model.seconds(larger) >= model.seconds(load) >= 0
    assert model.peak_bytes(larger) >= model.peak_bytes(load) >= 0


def ran(load: Load, factor: float = 1.0) -> Measured:
    seconds = float(load.terms @ np.array(TRUE_SECONDS)) * factor
    return Measured(load, seconds, round(float(load.terms @ np.array(TRUE_BYTES))))


def some_loads(count: int) -> list[Load]:
    return [Load(*(int(n) for n in CHANCE.integers([2, 64, 64, 1], [17, 1025, 1025, 4]))) for _ in range(count)]


def test_what_was_measured_is_forecast_though_some_batches_were_disturbed():
    measured = [ran(load, 5.0 if i % 10 == 0 else 1.0) for i, load in enumerate(some_loads(60))]
    model = CostModel.fitted(measured)
    for load in some_loads(20):
        truth = ran(load)
        assert model.seconds(load) == pytest.approx(truth.seconds, rel=0.2)
        assert model.peak_bytes(load) == pytest.approx(truth.peak_bytes, rel=0.2)


def test_without_measurements_the_defaults_speak():
    assert CostModel.fitted([]) == DEFAULT


def test_measurements_are_kept_by_device_and_model(tmp_path: Path):
    file = tmp_path / "cache" / "cost.json"
    load = Load(4, 384, 256)
    for device in ("one", "other"):
        costs = KeptCosts(device, file)
        costs.learn("small", ran(load))
        costs.save()
    again = KeptCosts("one", file)
    assert again.model("small").measured == 1
    assert again.model("classical").measured == 0
    assert again.model("small").seconds(load) != DEFAULT.seconds(load)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"one": 3}', '{"one": {"small": [{"load": {}}]}}'])
def test_a_file_that_makes_no_sense_is_none(tmp_path: Path, content: str):
    (tmp_path / "cost.json").write_text(content)
    assert KeptCosts("one", tmp_path / "cost.json").model("small") == DEFAULT
