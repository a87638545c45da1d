"""What is deployed is what the server can do: no image is built here, but everything is read."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.guard_config import MetricsConfig
from server.metrics import Metrics
from server.places import Places

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def read(name: str) -> Any:
    (document,) = yaml.safe_load_all((DEPLOY / name).read_text())
    return document


def metric_names() -> set[str]:
    """As Prometheus stores them, without a histogram's suffixes."""
    families = Metrics(Places(1, 1)).registry.collect()
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    return {name for name in names if name.startswith("snapsplat_")}


def options(arguments: list[str]) -> dict[str, str]:
    return dict(argument.removeprefix("--").split("=", 1) for argument in arguments if "=" in argument)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_a_container_is_not_killed_while_it_drains():
    service = read("compose.yaml")["services"]["snapsplat"]
    # First requests end, then clients fetch what they made.
    assert seconds(service["stop_grace_period"]) > 2 * float(options(service["command"])["drain_seconds"])
    _, workload = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > 2 * float(options(container["args"])["drain_seconds"])


def test_a_pod_may_do_no_more_than_it_must():
    _, workload = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} == container["resources"].keys()
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        *(volume["name"] for volume in pod["volumes"]),
        *(claim["metadata"]["name"] for claim in workload["spec"]["volumeClaimTemplates"]),
    }
    assert "security.tls" in options(container["args"])


def test_a_pod_has_memory_for_batches_and_uploads_and_some():
    _, workload = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    told = options(container["args"])
    held = int(told["batcher.device_bytes"]) + int(told["batcher.max_bytes"])
    assert held <= 0.8 * int(container["resources"]["limits"]["memory"].removesuffix("Gi")) * 2**30


def test_prometheus_finds_the_metrics():
    port = MetricsConfig().port
    (scrape,) = read("prometheus.yml")["scrape_configs"]
    assert scrape["static_configs"][0]["targets"] == [f"snapsplat:{port}"]
    assert f"port:{port}" in options(read("compose.yaml")["services"]["snapsplat"]["command"])["metrics"]


def test_alerts_are_about_metrics_that_there_are():
    rules = read("alerts.yml")["groups"][0]["rules"]
    for rule in rules:
        for name in re.findall(r"snapsplat_\w+", rule["expr"]):
            assert name.removesuffix("_bucket") in metric_names(), rule["alert"]
    operations = (ROOT / "docs" / "operations.md").read_text()
    assert [rule["alert"] for rule in rules] == re.findall(r"^\| `(Snapsplat\w+)` \|", operations, re.MULTILINE)


def test_every_metric_is_documented():
    operations = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^\| `(snapsplat_\w+)", operations, re.MULTILINE)) == metric_names()


@pytest.mark.parametrize("name", ["Dockerfile.cpu", "Dockerfile.cuda"])
def test_an_image_runs_as_nobody_and_says_how_it_is(name: str):
    text = (DEPLOY / name).read_text()
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert "server.probe" in re.findall(r"^HEALTHCHECK.*$", text, re.MULTILINE)[0]
    # An image that somebody runs as it is listens to itself alone.
    assert "--listen" in text.splitlines()[-1]
    assert "127.0.0.1:50051" in text.splitlines()[-1]


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install -e '.[ray]'")
# Of Ray's own, when it is imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_ray_serve_gets_options_and_services_that_there_are():
    from ray.serve.schema import ServeDeploySchema

    from server.ray_serve import SERVICES, application

    config = ServeDeploySchema.model_validate(read("ray_serve.yaml"))
    assert tuple(config.grpc_options.grpc_servicer_functions) == SERVICES
    (deployed,) = config.applications
    assert deployed.import_path == "server.ray_serve:application"
    application(deployed.args)
    assert f"port_value: {config.grpc_options.port}" in (DEPLOY / "envoy.yaml").read_text()
