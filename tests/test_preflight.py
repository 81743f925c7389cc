"""What a worker is told before it starts."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tenacity import stop_after_attempt

from streams import preflight
from streams.audit.topic_admin import open_admin, partition_counts
from streams.claude.prices import price_list, prices_of
from streams.delivery import faust_door
from streams.events.input_schema import InputSubject, Version
from streams.events.topics import Topics
from streams.events.wire import ENCODERS
from streams.preflight import PreflightError, check, check_api
from streams.settings import Settings


def settings(**changes: Any) -> Settings:
    return Settings(**{"anthropic_api_key": "sk-secret", **changes})


async def refusal(found: Settings) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(PreflightError) as caught:
        async with asyncio.timeout(30):
            await check(found)
    message = str(caught.value)
    assert "\n" not in message
    assert "sk-secret" not in message
    return message


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_its_variable_is_named(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert "ANTHROPIC_API_KEY is not set" in await refusal(settings(anthropic_api_key=key))


@pytest.mark.parametrize("model", ["claude-3-5-haiku-20241022", "claude-haiku", ""])
async def test_a_model_without_a_price_is_named_with_its_variable(model: str) -> None:
    message = await refusal(settings(model=model))
    assert message.startswith(f"TICKET_STREAMS_MODEL is {model}")
    assert "price" in message


async def test_an_escalation_model_without_a_price_is_named_with_its_variable() -> None:
    message = await refusal(settings(escalation_model="claude-9"))
    assert message.startswith("TICKET_STREAMS_ESCALATION_MODEL is claude-9")
    check_api(settings(escalation_model="none"), price_list())


def test_a_price_of_ones_own_makes_a_model_usable(tmp_path: Path) -> None:
    rates = "input = 20, output = 20, cache_write_5m = 20, cache_write_1h = 20, cache_read = 20"
    file = tmp_path / "prices.toml"
    file.write_text(f"[[price]]\nmodel = 'claude-9'\nbands = [{{ {rates} }}]\n")
    found = settings(model="claude-9", prices_file=str(file))
    check_api(found, prices_of(found))
    with pytest.raises(PreflightError, match="TICKET_STREAMS_PRICES_FILE"):
        check_api(found, price_list())


def test_the_api_part_alone_needs_no_kafka() -> None:
    check_api(settings(), price_list())


async def test_a_broker_that_is_not_there_is_named_soon(closed_port: int) -> None:
    message = await refusal(settings(bootstrap_servers=f"127.0.0.1:{closed_port}"))
    assert "KAFKA_BOOTSTRAP_SERVERS" in message
    assert str(closed_port) in message


async def test_other_versions_than_the_pinned_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setattr(faust_door, "misfits", lambda: ["aiokafka is 9.9.9, made for 0.14.0"])
    message = await refusal(settings(bootstrap_servers=f"127.0.0.1:{closed_port}"))
    assert "aiokafka is 9.9.9" in message
    assert "requirements.txt" in message


@pytest.mark.kafka
async def test_all_is_well_with_all_topics(kafka: str, namespace: str) -> None:
    found = settings(bootstrap_servers=kafka, app_id=namespace, input_topic=f"{namespace}-in")
    topics = topics_of(found)
    names = [topics.input, *(spec.name for spec in topics.specs())]
    await create_topics(kafka, dict.fromkeys(names, 2))
    await check(found)


@pytest.mark.kafka
async def test_a_missing_topic_is_named_with_the_command_that_makes_it(
    kafka: str, namespace: str
) -> None:
    found = settings(bootstrap_servers=kafka, app_id=namespace, input_topic=f"{namespace}-in")
    message = await refusal(found)
    assert f"{namespace}-in" in message
    assert "ticket-streams topics --create" in message
    await create_topics(kafka, {f"{namespace}-in": 2})
    message = await refusal(found)
    assert f"there is no topic {namespace}-in." in message  # one of ours now


@pytest.mark.kafka
@pytest.mark.parametrize("short", ["done", "calls", "spend", "errors"])
async def test_a_topic_of_ours_with_fewer_partitions_than_the_input_is_widened(
    kafka: str, namespace: str, short: str
) -> None:
    found = settings(bootstrap_servers=kafka, app_id=namespace, input_topic=f"{namespace}-in")
    topics = topics_of(found)
    name = getattr(topics, short)
    names = [topics.input, *(spec.name for spec in topics.specs())]
    await create_topics(kafka, {**dict.fromkeys(names, 3), name: 2})
    await check(found)
    async with open_admin(kafka) as admin:
        assert (await partition_counts(admin))[name] == 3


def topics_of(found: Settings) -> Topics:
    return Topics.of(found)


async def create_topics(kafka: str, partitions: dict[str, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, n, 1) for name, n in partitions.items()])
        async with asyncio.timeout(20):  # the broker knows of them a little later
            while not partitions.keys() <= (await partition_counts(admin)).keys():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await admin.close()


async def test_a_port_where_nobody_speaks_kafka_is_named_too(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert preflight.KAFKA_SECONDS <= 20
    monkeypatch.setattr(preflight, "KAFKA_SECONDS", 1.0)
    message = await refusal(settings(bootstrap_servers=f"127.0.0.1:{silent_port}"))
    assert "KAFKA_BOOTSTRAP_SERVERS" in message


async def test_without_a_registry_or_with_json_nobody_is_asked() -> None:
    for found in (settings(), settings(output_format="json", schema_registry_url="http://[::1]:9")):
        encoder = await preflight.output_encoder(found, Topics.of(found))
        assert encoder is ENCODERS[found.output_format]


async def test_a_registry_that_stays_away_is_named_and_its_password_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preflight._registered.retry, "stop", stop_after_attempt(2))
    found = settings(schema_registry_url="http://user:hidden@127.0.0.1:9")
    with pytest.raises(PreflightError) as caught:
        await preflight.output_encoder(found, Topics.of(found))
    assert str(caught.value).startswith("SCHEMA_REGISTRY_URL: ")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("problems", "refused", "told"),
    [
        ([], False, []),
        ([None, "old"], False, ["version 1"]),
        (["new", None], False, ["version 2"]),
        (["new", "old"], True, []),
    ],
)
async def test_a_worker_starts_where_producers_may_write_anything_that_it_can_read(
    problems: list[str | None],
    refused: bool,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    versions = [Version(2 - n, problem) for n, problem in enumerate(problems)]

    async def look(*_: object, **__: object) -> InputSubject:
        return InputSubject("tickets-value", versions)

    monkeypatch.setattr(preflight, "look_at_input", look)
    found = settings(schema_registry_url="http://127.0.0.1:9")
    if refused:
        with pytest.raises(PreflightError, match=r"TICKET_STREAMS_MAPPING: .*-value .* new"):
            await preflight.check_input_schema(found)
    else:
        await preflight.check_input_schema(found)
    assert len(caplog.messages) == len(told)
    assert all(word in line for word, line in zip(told, caplog.messages, strict=True))


async def test_a_registry_that_is_away_keeps_no_worker_from_reading_what_needs_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await preflight.check_input_schema(settings())
    assert not caplog.messages
    await preflight.check_input_schema(settings(schema_registry_url="http://a:hidden@127.0.0.1:9"))
    assert "were not looked at" in caplog.text
    assert "hidden" not in caplog.text


def test_a_program_without_a_preflight_gets_its_encoder_too() -> None:
    found = settings(output_format="json")
    assert preflight.encoder_of(found, Topics.of(found)) is ENCODERS["json"]
