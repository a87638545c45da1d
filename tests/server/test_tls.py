"""Certificates are checked at the start, in sentences."""

from pathlib import Path

import pytest
import trustme

from render.errors import ConfigError
from server.guard_config import TlsConfig
from server.tls import credentials
from tests.server.guarded import tls_files


def test_files_that_are_no_good_are_named(tmp_path: Path):
    ca = trustme.CA()
    good, other = tls_files(tmp_path, ca, clients=True), tls_files(tmp_path / "other", ca)
    rubbish = str(tmp_path / "rubbish")
    Path(rubbish).write_text("no PEM")
    credentials(good)
    with pytest.raises(ConfigError, match=r"The key .* cannot be read"):
        credentials(TlsConfig(good.certificate, str(tmp_path / "missing")))
    with pytest.raises(ConfigError, match="do not go together"):
        credentials(TlsConfig(good.certificate, other.key))
    with pytest.raises(ConfigError, match="do not go together"):
        credentials(TlsConfig(rubbish, good.key))
    with pytest.raises(ConfigError, match="holds no certificates"):
        credentials(TlsConfig(good.certificate, good.key, rubbish))
