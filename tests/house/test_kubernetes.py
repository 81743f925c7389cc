"""deploy/kubernetes and the image, checked without a cluster or an engine."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from streams.audit.topic_admin import DEFAULT_PARTITIONS
from streams.settings import Settings, variable
from tests.house.files import ROOT, text

FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.31"
"""Of Kubernetes: the oldest that is tried. Newer ones take what it takes."""

KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
OBJECTS: list[dict[str, Any]] = [
    found
    for name in KUSTOMIZATION["resources"]
    for found in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
]
PODS = {
    found["metadata"]["name"]: found["spec"]["template"]["spec"]
    for found in OBJECTS
    if "template" in found.get("spec", {})
}


def of_kind(kind: str) -> dict[str, Any]:
    return {found["metadata"]["name"]: found for found in OBJECTS if found["kind"] == kind}


def container(pod: str) -> dict[str, Any]:
    (found,) = PODS[pod]["containers"]
    return dict(found)


@pytest.mark.parametrize(
    "manifest",
    [found for found in OBJECTS if not found["apiVersion"].startswith("keda.sh/")],
    ids=lambda found: f"{found['kind']}-{found['metadata']['name']}",
)
def test_kubernetes_would_take_it(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_property_that_does_not_exist_would_be_found() -> None:
    wrong = {**of_kind("Service")["dashboard"], "sepc": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_every_file_is_applied() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"kustomization.yaml"}
    named = [entry.partition("=")[2] for entry in KUSTOMIZATION["configMapGenerator"][0]["files"]]
    assert files == {*KUSTOMIZATION["resources"], *named}


def test_the_settings_file_has_settings() -> None:
    given = tomllib.loads((FOLDER / "settings.toml").read_text("utf-8"))
    assert given
    Settings(**given)


@pytest.mark.parametrize("pod", PODS)
def test_the_command_exists_and_every_variable_is_a_setting(pod: str) -> None:
    name, *arguments = container(pod)["args"]
    import_module(f"streams.cli.{name}").command.make_context(name, arguments)
    variables = {entry["name"] for entry in container(pod).get("env", [])}
    assert variables <= {variable(field) for field in Settings.model_fields}


@pytest.mark.parametrize("pod", PODS)
def test_secrets_come_from_the_secret(pod: str) -> None:
    for entry in container(pod).get("env", []):
        if re.search("KEY|TOKEN|PASSWORD", entry["name"]):
            assert "secretKeyRef" in entry["valueFrom"], entry["name"]


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_has_no_rights(pod: str) -> None:
    """As the pod security standard `restricted` asks, which the namespace enforces."""
    assert PODS[pod]["securityContext"]["runAsNonRoot"]
    assert PODS[pod]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert f"useradd --uid {PODS[pod]['securityContext']['runAsUser']} " in text(
        "deploy/Dockerfile"
    )
    assert not PODS[pod]["automountServiceAccountToken"]
    rights = container(pod)["securityContext"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    labels = of_kind("Namespace")["ticket-streams"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_worker_has_a_name_of_its_own_that_lasts() -> None:
    assert "worker" in of_kind("StatefulSet")
    names = {entry["name"]: entry for entry in container("worker")["env"]}
    source = names[variable("group_instance_id")]["valueFrom"]
    assert source == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_a_stopped_worker_has_time_to_finish_its_calls() -> None:
    grace = Settings.model_fields["stop_grace"].default
    assert PODS["worker"]["terminationGracePeriodSeconds"] > grace + 25


@pytest.mark.parametrize(
    ("pod", "field"), [("worker", "worker_port"), ("dashboard", "dashboard_port")]
)
def test_ports_are_the_defaults_and_probes_ask_what_is_served(pod: str, field: str) -> None:
    port = Settings.model_fields[field].default
    assert [entry["containerPort"] for entry in container(pod)["ports"]] == [port]
    assert [entry["port"] for entry in of_kind("Service")[pod]["spec"]["ports"]] == [port]
    probes = [value for name, value in container(pod).items() if name.endswith("Probe")]
    assert probes
    for probe in probes:
        assert probe["httpGet"]["path"] in ("/livez", "/readyz")


def test_selectors_find_the_pods() -> None:
    found = [*of_kind("Service").values(), *of_kind("PodDisruptionBudget").values()]
    labels = [
        item["spec"]["template"]["metadata"]["labels"]
        for item in OBJECTS
        if "template" in item.get("spec", {})
    ]
    for item in found:
        selector = item["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= one.items() for one in labels), item["metadata"]["name"]


def test_autoscaling_looks_at_the_lag_of_our_group_and_starts_no_spares() -> None:
    spec = of_kind("ScaledObject")["worker"]["spec"]
    assert spec["scaleTargetRef"]["kind"] == "StatefulSet"
    assert "replicas" not in of_kind("StatefulSet")["worker"]["spec"]
    (trigger,) = spec["triggers"]
    assert trigger["metadata"]["consumerGroup"] == Settings.model_fields["app_id"].default
    assert trigger["metadata"]["topic"] == Settings.model_fields["input_topic"].default
    assert spec["maxReplicaCount"] <= DEFAULT_PARTITIONS
    given = tomllib.loads((FOLDER / "settings.toml").read_text("utf-8"))
    assert trigger["metadata"]["bootstrapServers"] == given["bootstrap_servers"]


def test_only_workers_reach_the_internet() -> None:
    outside = [
        policy["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
        for policy in of_kind("NetworkPolicy").values()
        for rule in policy["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    assert set(outside) == {"worker"}


def test_the_dockerfile_has_nothing_to_complain_about() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    hadolint = shutil.which("hadolint") or str(beside)
    done = subprocess.run(
        [hadolint, str(ROOT / "deploy" / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
