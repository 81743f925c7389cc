"""What a quota holds back is told: by kind, in seconds, and nothing else is."""

import urllib.request
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.protocol.api import Request
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import EndTxnRequest
from prometheus_client.parser import text_string_to_metric_families

from streams.delivery.throttling import _KINDS, KINDS, Kind, listen, nobody
from streams.events.model import Ticket
from streams.events.wire import encode_ticket
from tests.delivery.quota import quotas
from tests.stack import SHARED, Worker, running_stack


class Answering:
    """A client whose broker throttles by these milliseconds."""

    def __init__(self, **answer: int) -> None:
        self._answer = SimpleNamespace(**answer)

    async def send(self, node_id: int, request: Any, *, group: int = 0) -> Any:
        del node_id, request, group
        return self._answer


async def told(request: type, **answer: int) -> dict[Kind, float]:
    heard: Counter[Kind] = Counter()
    client: Any = Answering(**answer)
    listen(client, lambda kind, seconds: heard.update({kind: seconds}))
    given = await client.send(0, object.__new__(request), group=1)
    assert vars(given) == answer  # as if nobody listened
    return dict(heard)


@pytest.mark.parametrize(
    ("request_type", "kind"),
    [
        (ProduceRequest, "produce"),
        (FetchRequest, "fetch"),
        (EndTxnRequest, "transaction"),
        (MetadataRequest, "other"),
    ],
)
async def test_it_is_told_by_kind_and_in_seconds(request_type: type, kind: Kind) -> None:
    assert await told(request_type, throttle_time_ms=1500) == {kind: 1.5}


@pytest.mark.parametrize("answer", [{"throttle_time_ms": 0}, {}])
async def test_what_is_not_held_back_is_not_told(answer: dict[str, int]) -> None:
    assert await told(ProduceRequest, **answer) == {}


def test_every_name_of_a_request_is_one_of_aiokafka_s() -> None:
    there = {kind.__name__ for kind in Request.__subclasses__()}
    assert set(_KINDS) <= there
    assert set(_KINDS.values()) | {"other"} == set(KINDS)


def test_where_nobody_counts_the_client_stays_as_it_is() -> None:
    client: Any = Answering()
    listen(client, nobody)
    assert "send" not in vars(client)


def throttled_seconds(worker: Worker) -> dict[str, float]:
    address = (worker.health or "").replace("/readyz", "")
    with urllib.request.urlopen(address + "/metrics") as response:
        families = text_string_to_metric_families(response.read().decode())
        [found] = [f for f in families if f.name == "ticket_streams_kafka_throttled_seconds"]
    return {sample.labels["request"]: sample.value for sample in found.samples}


@pytest.mark.kafka
@pytest.mark.timeout(180)
async def test_a_quota_of_the_broker_slows_a_worker_that_says_so_and_loses_nothing(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    """Kafka takes the bytes over ten seconds: some more than that are held back for seconds. By
    time on its threads it holds an idle worker's fetches back, for a second each."""
    events = [
        (b"k", encode_ticket(Ticket(f"t-{n}", f"{n} invoice" + "x" * 2000))) for n in range(12)
    ]
    with running_stack(kafka, namespace, tmp_path, {}, **SHARED) as stack:
        await stack.create_topics(1)
        worker = stack.worker()
        stack.until("the worker is up", lambda: worker.opened and worker.health is not None)
        assert set(throttled_seconds(worker).values()) == {0}
        async with quotas(kafka, namespace, {"producer_byte_rate": 2_500}):
            sent = await stack.send(events)
            stack.until("produce", lambda: throttled_seconds(worker)["produce"] > 0)
        async with quotas(kafka, namespace, {"request_percentage": 0.01}):
            stack.until("fetch", lambda: throttled_seconds(worker)["fetch"] > 0)
        report = await stack.until_finished(sent)
        assert sum(report.routed.values()) == sent
        assert worker.stop() == 0
        assert await stack.broken_promises(strict=True) == []
