"""Transactions that get no marker in some partitions, as Kafka 4.3.0 leaves it out of one without a
leader: for workers of which a test wants that.

Needs a broker that takes records of transactions of which the coordinator does not know.
"""

from collections.abc import Collection
from typing import Any

from aiokafka import TopicPartition
from aiokafka.producer.transaction_manager import TransactionManager

from streams.events.topics import Topics
from streams.settings import load_settings

Manager: Any = TransactionManager


def outputs() -> Collection[str]:
    """Where results and dead letters go."""
    topics = Topics.of(load_settings())
    return {*topics.outputs, topics.dead_letter}


def leave_out(topics: Collection[str], *, once: bool) -> None:
    """From now on the coordinator is not told of their partitions, or not the first time."""
    told = Manager.maybe_add_partition_to_txn
    left_out = set()

    def add(self: Any, tp: TopicPartition) -> None:
        if tp.topic in topics and not (once and (id(self), tp) in left_out):
            left_out.add((id(self), tp))
            self._txn_partitions.add(tp)
        else:
            told(self, tp)

    Manager.maybe_add_partition_to_txn = add
