"""The [kafka] block: what is passed on, and what is refused with a reason."""

import inspect

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.delivery.client_options import OPTIONS, REFUSED, client_options
from streams.settings import SettingsError, load_settings

SAMPLES = {"check.crcs": "false", "compression.type": "zstd", "compression.codec": "lz4"}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_an_argument_of_its_client(name: str) -> None:
    found = client_options({name: SAMPLES.get(name, "10000")})
    assert found.consumer or found.producer
    for arguments, client in (
        (found.consumer, AIOKafkaConsumer),
        (found.producer, AIOKafkaProducer),
    ):
        assert arguments.keys() <= inspect.signature(client).parameters.keys()


def test_values_have_the_types_that_clients_want() -> None:
    found = client_options(
        {"client.id": "desk", "fetch.min.bytes": "7", "check.crcs": "false",
         "compression.type": "none", "request.timeout.ms": "5000"}
    )  # fmt: skip
    assert found.consumer == {"client_id": "desk", "fetch_min_bytes": 7, "check_crcs": False}
    assert found.producer == {
        "client_id": "desk",
        "compression_type": None,
        "request_timeout_ms": 5_000,
    }


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_codec_of_kafka_is_there(codec: str) -> None:
    assert client_options({"compression.type": codec}).producer == {"compression_type": codec}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("client.rakc", "a", "client.rakc: no such option, client.rack?"),
        ("qqq", "a", "qqq: no such option"),
        ("acks", "1", "acks: always all: results, books and offsets are one transaction"),
        ("isolation.level", "read_uncommitted", "isolation.level: always read_committed"),
        ("sasl.mechanism", "PLAIN", "sasl.mechanism: is set by KAFKA_SECURITY_PROTOCOL"),
        ("group.id", "x", "group.id: is TICKET_STREAMS_APP_ID"),
        ("fetch.min.bytes", "many", "fetch.min.bytes: must be a whole number from 1"),
        ("fetch.min.bytes", "0", "fetch.min.bytes: must be a whole number from 1"),
        ("request.timeout.ms", "60000", "request.timeout.ms: must be a whole number from 1,000"),
        ("compression.type", "brotli", "compression.type: must be one of none, gzip"),
        ("check.crcs", "no", "check.crcs: must be true or false"),
        ("client.id", "", "client.id: must not be empty"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_reason(name: str, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(kafka_client={name: text})
    message = str(caught.value)
    assert message.startswith(f"TICKET_STREAMS_KAFKA: {said}")
    assert "\n" not in message


def test_nothing_is_both_passed_and_refused() -> None:
    assert not OPTIONS.keys() & REFUSED.keys()
    assert not [name for name in OPTIONS if name.startswith(("sasl.", "ssl.", "security."))]


def test_names_of_toml_may_be_bare(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path_factory.mktemp("settings") / "t.toml"
    file.write_text('[kafka]\nclient.rack = "a"\n"client.id" = "desk"\ncheck.crcs = false\n')
    monkeypatch.setenv("TICKET_STREAMS_CONFIG", str(file))
    assert load_settings().kafka_client == {
        "client.rack": "a",
        "client.id": "desk",
        "check.crcs": "false",
    }
