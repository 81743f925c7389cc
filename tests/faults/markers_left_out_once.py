"""A worker whose first transaction in each output partition gets no marker there, as Kafka 4.3.0
leaves it out of a partition that has no leader: ``python -m tests.faults.markers_left_out_once``.

Needs a broker that takes records of transactions of which the coordinator does not know.
"""

from collections.abc import Collection
from typing import Any

from aiokafka import TopicPartition
from aiokafka.producer.transaction_manager import TransactionManager

from streams.cli import main
from streams.events.topics import Topics
from streams.settings import load_settings

Manager: Any = TransactionManager


def outputs() -> Collection[str]:
    """The topics of which the coordinator is not told by default."""
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


if __name__ == "__main__":
    leave_out(outputs(), once=True)
    main()
