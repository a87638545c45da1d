"""The public face: light to import, and all names where they are promised."""

import subprocess
import sys

import pytest

import snapsplat


def test_importing_loads_nothing_heavy():
    heavy = "{'torch', 'numpy', 'cv2', 'PIL', 'numba', 'kornia', 'hydra', 'rich', 'typer'}"
    code = f"import sys, snapsplat; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_command_line_starts_without_torch():
    code = "import sys, snapsplat.cli; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_every_public_name_is_there():
    for name in snapsplat.__all__:
        assert getattr(snapsplat, name).__name__ == name
    assert dir(snapsplat) == sorted(snapsplat.__all__)


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match=r"snapsplat has no 'reconstuct'; it has .*reconstruct"):
        getattr(snapsplat, "reconstuct")  # noqa: B009
