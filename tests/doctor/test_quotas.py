"""The quotas that hold for our clients."""

import asyncio

import pytest

from streams.audit.topic_admin import open_admin
from streams.doctor.quotas import DEFAULT, Quota, applying, check_quotas, read_quotas, user_of
from streams.settings import Settings, load_settings
from tests.delivery.quota import quotas
from tests.doctor.scene import only

RATE = "producer_byte_rate"

# The most specific first: Kafka's documentation, "Quotas".
ORDER: list[dict[str, str | None]] = [
    {"user": "us", "client-id": "app"},
    {"user": "us", "client-id": DEFAULT},
    {"user": "us"},
    {"user": DEFAULT, "client-id": "app"},
    {"user": DEFAULT, "client-id": DEFAULT},
    {"user": DEFAULT},
    {"client-id": "app"},
    {"client-id": DEFAULT},
]
OTHERS: list[dict[str, str | None]] = [
    {"user": "them"},
    {"user": "us", "client-id": "other"},
    {"client-id": "other"},
    {"ip": DEFAULT},
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_most_specific_counts(first: int) -> None:
    every = [*OTHERS, *reversed(ORDER[first:])]
    given = [Quota(entity, RATE, 1.0) for entity in every]
    assert [quota.entity for quota in applying(given, "us", "app")] == [ORDER[first]]


def test_those_of_others_do_not_count() -> None:
    assert applying([Quota(entity, RATE, 1.0) for entity in OTHERS], "us", "app") == []


def test_each_kind_counts_for_itself() -> None:
    given = [
        Quota({"user": "us"}, RATE, 1.0),
        Quota({"client-id": "app"}, "consumer_byte_rate", 2.0),
        Quota({"client-id": "app"}, RATE, 3.0),
    ]
    assert [quota.value for quota in applying(given, "us", "app")] == [2.0, 1.0]


def test_of_a_user_in_a_token_only_what_is_of_all_can_be_told() -> None:
    given = [Quota({"user": "us"}, RATE, 1.0), Quota({"user": DEFAULT}, RATE, 2.0)]
    assert [quota.value for quota in applying(given, None, "app")] == [2.0]


def test_who_we_are_is_what_we_sign_in_as() -> None:
    assert user_of(Settings()) == "ANONYMOUS"
    signed_in = load_settings(
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username="us",
        sasl_password="secret",
    )
    assert user_of(signed_in) == "us"


def test_a_quota_is_named_with_its_unit_and_whose_it_is() -> None:
    quota = Quota({"client-id": "ticket-streams", "user": DEFAULT}, RATE, 1_048_576.0)
    finding = only(check_quotas(Settings(), [quota]))
    assert finding.level == "ok"
    assert "ticket_streams_kafka_throttled_seconds_total" in finding.advice
    assert finding.message == (
        "producer_byte_rate of client-id ticket-streams, user (default): 1,048,576 bytes a second "
        "to each broker"
    )


def test_our_client_id_may_be_another() -> None:
    given = [Quota({"client-id": "desk"}, RATE, 1.0)]
    assert check_quotas(load_settings(kafka_client={"client.id": "desk"}), given)
    assert not check_quotas(Settings(), given)


def test_quotas_that_may_not_be_read_are_a_note() -> None:
    assert only(check_quotas(Settings(), None)).level == "note"


@pytest.mark.kafka
async def test_they_are_read_from_kafka(kafka: str, namespace: str) -> None:
    settings = load_settings(app_id=namespace)
    given = {RATE: 2_500_000, "request_percentage": 0.5}
    async with open_admin(kafka) as admin, quotas(kafka, namespace, given), asyncio.timeout(60):
        # A broker may show a quota a moment after it has taken it, and nothing tells when.
        while len(found := check_quotas(settings, await read_quotas(admin))) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert [finding.message.partition(": ")[2] for finding in found] == [
        "2,500,000 bytes a second to each broker",
        "0.5 % of a broker's thread",
    ]
