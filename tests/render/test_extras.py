"""What is said where a package is missing: a command that works in the clone."""

import re
import tomllib
from typing import get_args

import pytest

from render.errors import BackendError
from render.extras import Extra, check_installed, installed_by, missing
from tests.house.test_house import ROOT, tracked_text

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def test_a_missing_package_is_told_with_what_brings_it():
    check_installed("This needs", "pytest", "train")
    with pytest.raises(BackendError, match=r"grpcio, which is not installed: pip install -e '.\[serve\]'.$"):
        check_installed("This needs", "no_such_module", "serve", "grpcio")
    assert str(missing("Traces need", "OpenTelemetry", "tracing")).endswith(f"{installed_by('tracing')}.")


def test_extras_that_are_spoken_of_exist():
    named = re.findall(r"pip install (?:-e )?'\.\[([a-z,]+)\]'", "\n".join(tracked_text().values()))
    assert {extra for names in named for extra in names.split(",")} <= EXTRAS
    assert set(get_args(Extra)) == EXTRAS - {"dev"}
