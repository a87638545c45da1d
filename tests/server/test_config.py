"""Options that make no sense are refused in a sentence."""

import pytest

from render.errors import ConfigError
from server.config import BatcherConfig, LimitsConfig, ResultsConfig


@pytest.mark.parametrize(
    ("option", "value"),
    [("device_bytes", 0), ("max_jobs", 0), ("batch_seconds", 0.0), ("linger_seconds", -1.0), ("ageing_seconds", 0.0)],
)
def test_an_option_out_of_range_is_named(option: str, value: float):
    with pytest.raises(ConfigError, match=f"{option} is {value}; it must be"):
        BatcherConfig(**{"device_bytes": 1, option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_file_bytes", 0), ("max_request_bytes", 0), ("upload_seconds", 0.0), ("header_seconds", 0.0)],
)
def test_a_limit_out_of_range_is_named(option: str, value: float):
    with pytest.raises(ConfigError, match=f"{option} is {value}; it must be"):
        LimitsConfig(**{option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("option", "value"), [("max_bytes", 0), ("keep_seconds", -1.0)])
def test_what_cannot_be_kept_is_named(option: str, value: float):
    with pytest.raises(ConfigError, match=f"{option} is {value}; it must be"):
        ResultsConfig(**{option: value})  # type: ignore[arg-type]
