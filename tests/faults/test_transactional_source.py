"""An input topic written in transactions: aborted records are never classified, and the markers at
its end are no standstill."""

import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.local.samples import draw
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 120


async def test_aborted_tickets_are_not_bought_and_an_idle_worker_stays(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    # One tier: what the second is asked about would hide what was bought for nothing.
    settings = {"stall_limit": 10, "escalation_model": "none"}
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}, **settings) as stack:
        await stack.create_topics(partitions=2)
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka, transactional_id=f"{namespace}-source", max_request_size=2**21
        )
        async with producer:
            events = list(draw(TICKETS, seed=5))
            for start in range(0, TICKETS, 30):
                async with producer.transaction():
                    for event in events[start : start + 30]:
                        await producer.send(stack.topics.input, event.value, key=event.key)
                await producer.begin_transaction()
                for partition in (0, 1):
                    await producer.send(
                        stack.topics.input, b'{"id": "x", "text": "aborted"}', partition=partition
                    )
                await producer.flush()
                await producer.abort_transaction()
        worker = stack.worker()
        report = await stack.until_finished(TICKETS)
        time.sleep(35)  # three looks of the watch, and longer than the limit
        assert worker.stop() == 0, stack.logs()
        assert (report.tickets, report.lost, report.duplicates) == (TICKETS, 0, 0)
        assert report.api_calls <= TICKETS
        assert await stack.broken_promises(strict=True) == []
