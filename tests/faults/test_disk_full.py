"""The broker's disk is full: Kafka halts, since its only log folder has failed. When there is space
again and it is started, nothing is lost."""

from pathlib import Path

import pytest

from streams.local.kafka.broker import EmbeddedKafka
from tests.faults import disk
from tests.faults.survival import Survival
from tests.stack import running_stack

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.faults,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not disk.SUPPORTED, reason=disk.REASON),
]

TICKETS = 1_500
IN_FLIGHT = 20


async def test_a_full_disk_halts_the_broker_and_loses_nothing(
    namespace: str, tmp_path: Path
) -> None:
    with (
        EmbeddedKafka(tmp_path / "kafka") as broker,
        running_stack(
            broker.bootstrap, namespace, tmp_path, {"latency": 0.1}, max_calls=IN_FLIGHT
        ) as stack,
    ):
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        survival = Survival(stack)
        survival.until_calls(10 * IN_FLIGHT)
        disk.fill(broker)
        survival.until("the broker has halted", lambda: not broker.alive)
        said = broker.log.read_text(errors="replace")
        assert "File too large" in said
        # What Kafka cannot take is not bought.
        assert stack.calls() < TICKETS * 0.9
        broker.start()
        await survival.finish(TICKETS)
