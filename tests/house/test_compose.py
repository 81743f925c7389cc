"""docker-compose.yml and the image, checked without an engine."""

import re
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
import yaml

from streams.local.kafka.properties import FIXED
from streams.local.registry import server
from streams.settings import PREFIX, Settings, variable
from tests.house.files import ROOT, text

COMPOSE: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def of_our_image() -> list[str]:
    return [name for name, service in SERVICES.items() if service.get("image") == "ticket-streams"]


def image_versions() -> dict[str, str]:
    """Version by name of the images that are not ours."""
    images = [service["image"] for service in SERVICES.values() if ":" in service["image"]]
    return dict(image.rsplit(":", 1) for image in images)


def test_the_file_follows_the_compose_specification() -> None:
    check = [
        sys.executable, "-m", "check_jsonschema",
        "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml"),
    ]  # fmt: skip
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_is_a_real_setting() -> None:
    known = {variable(field) for field in Settings.model_fields} | {PREFIX + "CONFIG"}
    for name in of_our_image():
        assert set(SERVICES[name].get("environment", {})) <= known, name


def test_every_variable_of_the_image_is_a_real_setting() -> None:
    known = {variable(field) for field in Settings.model_fields}
    named = set(re.findall(rf"\b{PREFIX}\w+", text("deploy/Dockerfile")))
    assert named
    assert named <= known


@pytest.mark.parametrize("service", of_our_image())
def test_the_command_of_each_service_and_its_options_exist(service: str) -> None:
    name, *arguments = SERVICES[service]["command"]
    module = import_module(f"streams.cli.{name.replace('-', '_')}")
    module.command.make_context(name, arguments)  # parses, runs nothing


def test_ports_open_on_this_machine_only() -> None:
    ports = [str(port) for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert port.startswith("127.0.0.1:"), port


def test_a_missing_key_is_named_before_anything_starts() -> None:
    assert SERVICES["worker"]["environment"]["ANTHROPIC_API_KEY"].startswith(
        "${ANTHROPIC_API_KEY:?"
    )


def test_the_stand_in_runs_only_when_asked_for() -> None:
    assert SERVICES["stand-in"]["profiles"] == ["standin"]


def test_the_worker_can_be_scaled() -> None:
    assert not SERVICES["worker"].keys() & {"ports", "container_name", "hostname"}


def test_a_stopped_worker_has_time_to_finish_its_calls() -> None:
    grace = Settings.model_fields["stop_grace"].default
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > 2 * grace


def test_kafka_makes_no_topic_by_itself() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_kafka_is_the_version_of_the_embedded_broker() -> None:
    embedded = re.findall(r":kafka_2\.13:(\S+)", text("streams/local/kafka/jars.lock"))
    assert embedded == [image_versions()["apache/kafka"]]


ADDRESSES = {"listeners", "log.dirs", "controller.quorum.voters", "listener.security.protocol.map"}


def test_kafka_has_the_options_of_the_embedded_broker() -> None:
    """So that what the tests find holds there: all but addresses, and what only makes it quick."""
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for name, value in SERVICES["kafka"]["environment"].items()
        if name.startswith("KAFKA_")
    }
    same = given.keys() & FIXED.keys() - ADDRESSES
    assert {name: given[name] for name in same} == {name: FIXED[name] for name in same}
    assert {"auto.create.topics.enable", "transaction.state.log.min.isr"} <= same
    left = {name for name in FIXED if name.endswith((".factor", ".isr"))} - given.keys()
    assert left == {"default.replication.factor"}  # which is Kafka's own default


def test_the_registry_refuses_what_the_local_one_refuses() -> None:
    given = SERVICES["registry"]["environment"]
    assert (
        given["APICURIO_RULES_GLOBAL_COMPATIBILITY"]
        == server._FIXED["apicurio.rules.global.compatibility"]
    )
    assert SERVICES["worker"]["environment"]["SCHEMA_REGISTRY_URL"].endswith(server.INTERFACE)


@pytest.mark.parametrize("image", ["apache/kafka", "apicurio/apicurio-registry"])
def test_images_of_others_are_pinned_to_a_version(image: str) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", image_versions()[image])
