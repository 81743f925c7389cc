"""Before partitions are added to a transaction: is there anything to look for first?

Once a partition is added, an abort of the transaction ends there what the same producer has left
without an end as well, be it a commit (streams.delivery.unended). Kafka leaves markers out when it
loses leaders, and then the client loses the coordinator, too: its connection is another one, or it
has to ask again who the coordinator is. aiokafka 0.14 goes on as if nothing had been. Delete this
when no Kafka without the cure of KAFKA-20734 is in use.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.producer.sender import Sender

Look = Callable[[], Awaitable[None]]
"""Returns when partitions may be added. What it raises ends the producer; no KafkaError, which
would be tried again."""


def look_back(producer: AIOKafkaProducer, look: Look) -> None:
    """From now on ``look`` is awaited before partitions are added, wherever the coordinator was out
    of sight since the last ones were.
    """
    sender: Any = producer._sender
    add, lose = sender._do_add_partitions_to_txn, sender._coordinator_dead
    trusted: object = None

    async def added(partitions: Collection[TopicPartition]) -> Any:
        nonlocal trusted
        if trusted is None or _connection(sender) is not trusted:
            await look()
        done = await add(partitions)
        trusted = _connection(sender)
        return done

    def lost(kind: CoordinationType) -> None:
        nonlocal trusted
        trusted = None
        lose(kind)

    sender._do_add_partitions_to_txn, sender._coordinator_dead = added, lost


def _connection(sender: Any) -> object:
    """The one to the coordinator; None where it is unknown or away."""
    node = sender._coordinators.get(CoordinationType.TRANSACTION)
    found = sender.client._conns.get((node, ConnectionGroup.COORDINATION))
    return found if found is not None and found.connected() else None


PRIVATE_NAMES = [(Sender, "_do_add_partitions_to_txn"), (Sender, "_coordinator_dead")]
"""What is replaced, or relied on, here: streams.delivery.faust_door looks whether it is there."""
