"""A worker's view of all spending: what others committed, and what it paid itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.audit.topic_admin import UnreachableError
from streams.books.budget import Budget
from streams.books.changelog import encode_key, encode_spend
from streams.books.limits import Limit, Period, begin_of
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.books.purse import Part
from streams.books.rows import SpendRow
from streams.books.windows import DAY, HOUR, Window
from streams.classify.triage import Lane, Triage
from streams.claude.failures import Failure, Recovery
from streams.claude.question import Answered, Question
from streams.delivery import budget_watch
from streams.delivery.breaker import Breaker
from streams.delivery.budget_watch import BudgetWatch, part_of
from streams.delivery.giving_up import GivingUp
from streams.delivery.processing import Processing
from streams.events.model import CallRecord
from streams.events.topics import Topics
from streams.settings import load_settings
from tests.delivery.desk import FakeDesk
from tests.delivery.events import work
from tests.delivery.test_processing import COST, SURE, FakeClassifier

TOPICS = Topics.of(load_settings())
SPEND = TOPICS.spend
LIMIT = 1_000_000


def a(period: Period, picodollars: int = LIMIT) -> Limit:
    return Limit(period, Decimal(picodollars) / PICODOLLARS_PER_DOLLAR)


def spent(budget: Budget) -> int:
    """In its only period."""
    (purse,) = budget
    return purse.spent()


def nothing() -> None:
    """Told after each look."""


def window(ago: int = 0) -> float:
    """The minute that is now, or one before; of the same month, whatever the hour."""
    now = time.time()
    return max(now // 60 * 60 - 60 * ago, begin_of("month", now))


def record(offset: int, partition: int, row: SpendRow | None, start: float) -> Any:
    return SimpleNamespace(
        topic=SPEND,
        partition=partition,
        offset=offset,
        key=encode_key(f"{partition}|m|billing", start, start + 59.9),
        value=None if row is None else encode_spend(row),
    )


def row(picodollars: int, unsettled: int = 0) -> SpendRow:
    return SpendRow(picodollars=picodollars, unsettled_picodollars=unsettled)


@dataclass
class FakeReader:
    """A topic in memory; an offset without a record is a transaction's mark."""

    records: dict[TopicPartition, list[Any]]
    at: dict[TopicPartition, int] = field(default_factory=dict)

    async def end_offsets(self, every: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.records[tp]) for tp in every}

    async def position(self, tp: TopicPartition) -> int:
        return self.at.get(tp, 0)

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        for tp, records in self.records.items():
            if (at := self.at.get(tp, 0)) < len(records):
                self.at[tp] = at + 1
                return {tp: [records[at]]} if records[at] is not None else {}
        raise AssertionError("nothing is left to be read")


def watch_of(budget: Budget) -> BudgetWatch:
    return BudgetWatch("127.0.0.1:1", TOPICS, budget, nothing)


async def test_committed_rows_of_all_partitions_count_unsettled_money_too() -> None:
    budget = Budget([a("month")], 60)
    tps = [TopicPartition(SPEND, 0), TopicPartition(SPEND, 1)]
    now = window()
    reader = FakeReader(
        {
            tps[0]: [record(0, 0, row(10), now), None, record(2, 0, row(30, 5), now), None],
            tps[1]: [record(0, 1, row(100), window(1)), None],
        }
    )
    before = time.monotonic()
    await watch_of(budget).look(reader, tps)
    assert spent(budget) == 135  # a newer row takes the place of the older
    assert before <= budget.current_at <= time.monotonic()


def test_money_that_moves_into_its_hour_and_its_day_counts_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A month's budget works with the rows of hours and days; never, between two records, with less
    than was spent."""
    now = datetime(2026, 11, 21, 10, 30, tzinfo=UTC).timestamp()
    monkeypatch.setattr(time, "time", lambda: now)
    budget = Budget([a("day"), a("month")], 60, clock=lambda: now)
    day, month = budget
    watch = watch_of(budget)
    minute = Window(now - 40 * 60, 60)
    spans = [minute, minute.inside(HOUR), minute.inside(DAY)]
    for offset, window in enumerate(spans):
        watch.take(moved(offset, row(70, 7), window))
        assert month.spent() >= 77
        if offset:
            watch.take(moved(offset, None, spans[offset - 1]))
        assert (day.spent(), month.spent()) == (77, 77)


def moved(offset: int, row: SpendRow | None, window: Window) -> Any:
    key = encode_key("0|m|billing|first|ok|p|", *window.span)
    value = None if row is None else encode_spend(row)
    return SimpleNamespace(topic=SPEND, partition=0, offset=offset, key=key, value=value)


async def test_nothing_is_current_before_all_is_read() -> None:
    budget = Budget([a("month")], 60)
    tp = TopicPartition(SPEND, 0)
    reader = FakeReader({tp: [record(0, 0, row(10), window())]})
    reader.getmany = None  # type: ignore[assignment, method-assign]
    with pytest.raises(TypeError):
        await watch_of(budget).look(reader, [tp])
    assert budget.current_at < 0


def test_rows_of_periods_that_are_over_and_foreign_records_do_not_count() -> None:
    budget = Budget([a("hour")], 60)
    watch = watch_of(budget)
    watch._forget()
    watch.take(record(0, 0, row(10), begin_of("hour", time.time()) - 60))
    watch.take(SimpleNamespace(topic=SPEND, partition=0, offset=1, key=b"?", value=b"?"))
    watch.take(record(2, 0, row(7), begin_of("hour", time.time())))
    assert spent(budget) == 7


async def test_without_budgets_the_books_are_not_read_until_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget_watch, "RETRY_SECONDS", 0)
    read = asyncio.Event()

    def away(bootstrap: str) -> None:
        read.set()
        raise UnreachableError(bootstrap)

    monkeypatch.setattr(budget_watch, "open_snapshot", away)
    watch = watch_of(Budget([], 60))
    task = asyncio.create_task(watch.run())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not read.is_set()
    watch.change([a("hour")])
    async with asyncio.timeout(5):
        await read.wait()
    task.cancel()


async def test_while_kafka_is_away_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget_watch, "RETRY_SECONDS", 0)
    tried: list[str] = []
    thrice = asyncio.Event()

    def away(bootstrap: str) -> None:
        tried.append(bootstrap)
        if len(tried) == 3:
            thrice.set()
        raise UnreachableError(bootstrap)

    monkeypatch.setattr(budget_watch, "open_snapshot", away)
    task = asyncio.create_task(watch_of(Budget([a("hour")], 60)).run())
    async with asyncio.timeout(5):
        await thrice.wait()
    task.cancel()


def test_a_worker_s_part_is_what_it_owns_of_all_partitions() -> None:
    owned: Any = {0: SimpleNamespace(generation=7), 3: SimpleNamespace(generation=7)}
    assert part_of(owned, 4) == (Part(2, 4), 7)
    assert part_of({}, 0) == (Part(0, 0), -1)


def processing(classifier: FakeClassifier, budget: Budget) -> Processing:
    triage = Triage(batch_size=25, threshold=0.65, escalates=False, cap=0.0, attempts=1)
    giving_up = GivingUp(Breaker(1.0, 50, lambda reason: None))
    classifiers: Any = {"first": classifier}
    return Processing(classifiers, triage, giving_up, budget.book)


async def test_a_call_is_paid_in_the_step_that_hands_it_over() -> None:
    budget = Budget([a("hour")], 60, clock=lambda: 0.002)
    desk = FakeDesk()
    works = [work(offset) for offset in (1, 2)]
    await processing(FakeClassifier("first", lambda _: SURE), budget)(desk, Lane("first", 2), works)
    assert len(desk.records) == 1
    assert len(desk.finished) == 2
    assert spent(budget) == 2 * COST


async def test_a_failed_call_is_paid_with_its_upper_bound() -> None:
    budget = Budget([a("hour")], 60, clock=lambda: 0.002)
    desk = FakeDesk()

    class Failing(FakeClassifier):
        async def ask(
            self,
            topic: str,
            partition: int,
            questions: Sequence[Question],
            record: Callable[[CallRecord], None],
            attempts: int,
            begin: Callable[[CallRecord], Awaitable[None]],
        ) -> Answered:
            def unsettled(call: CallRecord) -> None:
                record(replace(call, cost_picodollars=0, unsettled_picodollars=77))

            return await super().ask(topic, partition, questions, unsettled, attempts, begin)

    failing = Failing("first", Failure("network", Recovery.RETRY, "it broke"))
    await processing(failing, budget)(desk, Lane("first", 1), [work(1)])
    assert desk.records[0].unsettled_picodollars == 77
    assert spent(budget) == 77
