"""Three brokers with three copies of everything: each may die or stand still, one at a time, and
work goes on meanwhile."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import BROKERS, Cluster, away
from tests.faults.survival import Survival
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(700)]

IN_FLIGHT = 20
EACH = 700
GOES_ON = 10 * IN_FLIGHT
"""Calls while a broker is away: so many are not bought without commits."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "kafka") as cluster:
        yield cluster


async def test_each_broker_dies_in_turn_and_one_freezes(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1}
    with running_stack(
        cluster.bootstrap, namespace, tmp_path, faults, max_calls=IN_FLIGHT
    ) as stack:
        await stack.create_topics()
        survival = Survival(stack)
        tickets = 0
        for seed, node in enumerate(cluster.nodes):
            tickets += await stack.send_samples(EACH, seed)
            survival.until_calls(GOES_ON)
            with away(node):
                survival.until_calls(GOES_ON)
            await asyncio.to_thread(cluster.until_in_sync)

        tickets += await stack.send_samples(EACH, seed=BROKERS)
        survival.until_calls(GOES_ON)
        # Its successors lead after 2 s; a client that waits for an answer waits on, up to 40 s.
        with away(cluster.nodes[0], frozen=True):
            time.sleep(8)
        await asyncio.to_thread(cluster.until_in_sync)
        await survival.finish(tickets)
