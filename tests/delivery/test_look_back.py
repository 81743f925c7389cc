"""Before partitions are added to a transaction somebody looks, where the coordinator was away."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup, CoordinationType

from streams.delivery.look_back import look_back

NODE = 1
COORDINATOR = NODE, ConnectionGroup.COORDINATION
BOTH = ["look", "add"]


class Connection:
    """To the coordinator."""

    def __init__(self) -> None:
        self.open = True

    def connected(self) -> bool:
        return self.open


class Sender:
    """aiokafka's, as far as it is replaced; notes what is done."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self._coordinators = {CoordinationType.TRANSACTION: NODE}
        self.client = SimpleNamespace(_conns={COORDINATOR: Connection()})

    @property
    def connection(self) -> Connection:
        found: Connection = self.client._conns[COORDINATOR]
        return found

    async def _do_add_partitions_to_txn(self, partitions: object) -> str:
        self.did.append("add")
        return f"added {partitions}"

    def _coordinator_dead(self, kind: CoordinationType) -> None:
        self._coordinators.pop(kind, None)

    async def add(self) -> list[str]:
        """What is done when partitions are added."""
        self.did.clear()
        assert await self._do_add_partitions_to_txn("p") == "added p"
        return list(self.did)


@pytest.fixture
def sender() -> Sender:
    found = Sender()

    async def look() -> None:
        found.did.append("look")

    producer: Any = SimpleNamespace(_sender=found)
    look_back(producer, look)
    return found


async def test_over_the_same_connection_nobody_looks_again(sender: Sender) -> None:
    assert await sender.add() == BOTH
    assert await sender.add() == ["add"]


async def test_over_another_connection_somebody_looks(sender: Sender) -> None:
    await sender.add()
    sender.client._conns[COORDINATOR] = Connection()
    assert await sender.add() == BOTH
    assert await sender.add() == ["add"]


async def test_while_the_connection_is_closed_or_gone_somebody_looks_each_time(
    sender: Sender,
) -> None:
    await sender.add()
    sender.connection.open = False
    assert await sender.add() == BOTH
    sender.client._conns.clear()
    assert await sender.add() == BOTH
    assert await sender.add() == BOTH


async def test_a_coordinator_that_was_asked_for_again_is_looked_behind_though_it_is_the_same(
    sender: Sender,
) -> None:
    await sender.add()
    sender._coordinator_dead(CoordinationType.TRANSACTION)
    sender._coordinators[CoordinationType.TRANSACTION] = NODE
    assert await sender.add() == BOTH
    assert await sender.add() == ["add"]


async def test_what_the_look_raises_keeps_the_partitions_out(sender: Sender) -> None:
    async def look() -> None:
        raise RuntimeError

    again: Any = SimpleNamespace(_sender=sender)
    look_back(again, look)
    with pytest.raises(RuntimeError):
        await sender.add()
    assert sender.did == []
