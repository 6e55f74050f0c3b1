"""The manifests are valid, harden every pod and scale on what ``penname metrics`` says."""

from __future__ import annotations

import kubernetes_validate
import pytest
import yaml

from tests.unit.docker.files import CONTAINERS, MANIFESTS, OBJECTS
from tests.unit.worker.test_metrics import workload as make_workload
from worker.metrics import metrics_text

KUBERNETES = "1.33"
SPECIFIED = [
    found
    for found in OBJECTS
    if not found["apiVersion"].startswith(("keda.sh/", "kustomize.config.k8s.io/"))
]
DEPLOYMENTS = {
    found["metadata"]["name"]: found for found in OBJECTS if found["kind"] == "Deployment"
}
SCALED = [found for found in OBJECTS if found["kind"] == "ScaledObject"]


@pytest.mark.parametrize(
    "found", SPECIFIED, ids=lambda found: f"{found['kind']}/{found['metadata']['name']}"
)
def test_an_object_is_what_kubernetes_asks_for(found):
    kubernetes_validate.validate(found, KUBERNETES, strict=True)


def test_all_files_but_the_example_of_a_secret_are_applied():
    [kustomization] = [found for found in OBJECTS if found["kind"] == "Kustomization"]

    applied = set(kustomization["resources"])

    assert len(SPECIFIED) >= 10
    assert applied == {path.name for path in MANIFESTS} - {
        "kustomization.yaml",
        "secret.example.yaml",
    }


def test_no_pod_runs_as_root_or_writes_to_its_image():
    assert len(CONTAINERS) >= 5
    for deployment in DEPLOYMENTS.values():
        assert deployment["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]
    for container in CONTAINERS:
        rights = container["securityContext"]
        assert rights["readOnlyRootFilesystem"]
        assert not rights["allowPrivilegeEscalation"]
        assert rights["capabilities"] == {"drop": ["ALL"]}


def test_every_pod_says_what_it_needs_and_whether_it_lives():
    for container in CONTAINERS:
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        assert "livenessProbe" in container or "readinessProbe" in container


def test_a_service_leads_to_a_port_of_its_pods():
    services = [found for found in OBJECTS if found["kind"] == "Service"]

    assert len(services) == 2
    for service in services:
        pods = DEPLOYMENTS[service["spec"]["selector"]["app"]]["spec"]["template"]
        [container] = pods["spec"]["containers"]
        [port] = container["ports"]
        assert service["spec"]["ports"][0]["targetPort"] == port["name"]
        assert service["spec"]["ports"][0]["port"] == port["containerPort"]
        assert container["args"][-2:] == ["--port", str(port["containerPort"])]


def test_the_secret_is_a_pattern_without_a_value():
    [secret] = [found for found in OBJECTS if found["kind"] == "Secret"]

    assert all("CHANGE-ME" in value for value in secret["stringData"].values())


def test_what_is_scaled_is_deployed_and_counts_its_own_replicas():
    assert {found["spec"]["scaleTargetRef"]["name"] for found in SCALED} == {
        "penname-segment",
        "penname-recognize",
    }
    for found in SCALED:
        deployment = DEPLOYMENTS[found["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in deployment["spec"]  # applying it again would undo the scaling
        limits = found["spec"]
        assert limits["minReplicaCount"] < limits["maxReplicaCount"]


def test_what_is_scaled_by_is_what_penname_tells_without_labels():
    page = metrics_text(make_workload()).decode()

    for found in SCALED:
        [trigger] = found["spec"]["triggers"]
        asked = trigger["metadata"]
        assert f"\n{asked['valueLocation']} " in page
        assert asked["format"] == "prometheus"
        assert asked["url"] == "http://penname-metrics:9540/metrics"
        assert float(asked["targetValue"]) > 0


def test_files_are_read_as_they_are_written():
    for path in MANIFESTS:
        assert list(yaml.safe_load_all(path.read_text("utf-8")))
