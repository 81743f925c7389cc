"""A source partition without Kafka, whose producer a test gives, for the tests of this room."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.rows import SpendRow
from streams.delivery.faust_door import create_app
from streams.delivery.outbox import Books, Committed
from streams.delivery.partition import SourcePartition
from streams.delivery.restore import Restored
from streams.events.wire import ENCODERS
from streams.settings import Settings
from tests.delivery.events import TOPICS

NUMBER = 3
PARTITIONS = dict.fromkeys([*TOPICS.outputs, TOPICS.dead_letter], 8)


def books(committed: Committed = lambda *_: None, settings: Settings | None = None) -> Books:
    """Tables with nothing in them."""
    settings = settings or Settings()
    app = create_app(settings)
    spend = app.book("spend", SpendRow, encode_spend, decode_spend, settings).table
    errors = app.book("errors", int, encode_count, decode_count, settings).table
    return Books(spend, errors, committed)


def new_partition(
    producer: Any,
    *,
    number: int = NUMBER,
    books: Books,
    intents: Any = None,
    uncommitted: Counter[SourcePartition] | None = None,
    on_failure: Callable[[BaseException], None] = lambda error: pytest.fail(repr(error)),
) -> SourcePartition:
    """A partition of tickets, which nobody has opened."""
    return SourcePartition(
        number,
        1,
        producer=producer,
        intents=producer if intents is None else intents,
        topics=TOPICS,
        partitions=PARTITIONS,
        books=books,
        encoder=ENCODERS["avro"],
        order_by_key=True,
        uncommitted=Counter() if uncommitted is None else uncommitted,
        on_commit=lambda: None,
        on_failure=on_failure,
    )


def nothing_restored() -> Restored:
    """What stands in the topics of a new partition."""
    return Restored(changelogs={TOPICS.spend: {}, TOPICS.errors: {}})


async def opened(producer: Any, committed: int = 0, number: int = NUMBER) -> SourcePartition:
    """A new partition, of which so much is committed."""
    partition = new_partition(producer, number=number, books=books())
    await partition.open(committed, nothing_restored())
    return partition
