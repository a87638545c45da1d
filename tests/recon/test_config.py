"""The YAML tree and the dataclass tree are one; what fits neither is refused by name."""

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

import configs
from recon.config import ReconstructConfig, load_config
from render.errors import ConfigError

FOLDER = Path(configs.__file__).parent


def test_defaults_in_yaml_are_those_of_the_dataclasses():
    assert load_config(["network=classical"]) == ReconstructConfig()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("network/*.yaml")), ids=lambda p: p.stem)
def test_every_network_loads_and_names_every_option(path: Path):
    config = load_config([f"network={path.stem}"])
    assert yaml.safe_load(path.read_text()) == asdict(config.network)


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("network.depth.plains=3", "plains"),
        ("network.depth.planes=many", "planes"),
        ("network=learned", "learned"),
        ("size=5", "5"),
        ("size=4000", "4000"),
        ("device=tpu", "tpu"),
        ("seed=-1", "seed is -1"),
        ("network.depth.planes=96", "planes is 96; it must be 64, which learned depth"),
        ("network.depth.sources=0", "sources is 0"),
        ("network.fuse.max_gaussians=0", "max_gaussians is 0"),
        ("network.cameras.sift_ratio=1.5", "sift_ratio is 1.5"),
        ("no equals sign", "no equals sign"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(override: str, named: str):
    with pytest.raises(ConfigError, match=named):
        load_config([override])


def test_a_whole_number_will_do_where_any_would() -> None:
    assert load_config(["network.depth.descriptor_weight=1"]).network.depth.descriptor_weight == 1.0


def test_overrides_reach_their_option():
    assert load_config(["network=classical", "network.depth.planes=17", "seed=4"]).network.depth.planes == 17
