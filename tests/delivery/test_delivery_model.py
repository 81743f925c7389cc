"""Any interleaving of reads, results, commits, failures, revocations, kills and restarts.

The partition, its transactions' content and the restore are the real ones; Kafka is a model, and
every transaction is held to the promises as a read_committed reader sees it (model/reader.py).
``DELIVERY_EXAMPLES=5000`` has it try more.
"""

import asyncio
import os
import time
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiokafka import TopicPartition
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.books.money import split
from streams.delivery.records import Record
from streams.delivery.work import DeadLetter, Skipped, Work
from streams.events.model import (
    ABANDONED,
    CallRecord,
    Classification,
    Share,
    Source,
    Ticket,
)
from streams.events.wire import UndecodableEvent, decode_ticket, encode_ticket
from tests.claude.virtual_time import VirtualLoop
from tests.delivery.events import TOPICS, classification
from tests.delivery.model.fake_kafka import FakeConsumer, FakeKafka, Outcome
from tests.delivery.model.reader import PARTITION, Reader
from tests.delivery.model.worker import SETTINGS, Worker

BEGAN = 1_700_000_000
"""Epoch seconds."""
BAD = b"no ticket"
KEPT = {SETTINGS.window_seconds: 3_600, 3_600: 86_400, 86_400: 86_400 * SETTINGS.day_retention_days}
OTHER = b"filtered"

# One rule that does much: of many small ones hypothesis leaves some out of each example, and hardly
# one got a ticket out.
tickets = st.tuples(
    st.sampled_from([b"a", b"a", b"a", b"b", None]),
    st.sampled_from([0, 0, 0, 1, 3]),
    st.sampled_from([True, True, True, True, False, None]),
)
answers = ["billing", "billing", "product_feedback", "unknown"]
ends = [
    "only asked",
    "begun",
    "begun",
    "useless",
    "fails",
    "may be charged",
    "refused",
    "useless, refused",
]
moves = st.tuples(st.integers(0, 3), st.sampled_from([*answers, *ends, "shared", "shared"]))
SHARED = ["billing", "useless", "product_feedback"]
LIVES = ["killed", "revoked", "stopped"]
thens = [
    *["time passes"] * 6,
    *["nothing", "read again", "tidied", "tidied", "a day later", "Kafka is slow"],
    *LIVES,
    *["COMMITTED", "ABORTED", "UNHEARD"],
]


class Delivery(RuleBasedStateMachine):
    """One source partition, owned by one worker after the other."""

    worker: Worker

    def __init__(self) -> None:
        super().__init__()
        self.clock = float(BEGAN)
        self.events: dict[int, tuple[bytes | None, bytes]] = {}
        self.keys: dict[int, bytes | None] = {}
        self.end = 0
        self.charged: dict[str, int] = {}
        """What the API charges for each call that was begun."""
        self.broken: list[AssertionError] = []
        self.reader = Reader(self.keys, SETTINGS.window_seconds, KEPT)
        self.kafka = FakeKafka(self._committed)
        self.loop = VirtualLoop()
        self.patches: list[Any] = [
            patch(
                "streams.delivery.partition.time",
                SimpleNamespace(time=lambda: self.clock, monotonic=time.monotonic),
            ),
            patch(
                "streams.delivery.restore.AIOKafkaConsumer",
                lambda **how: FakeConsumer(self.kafka, **how),
            ),
        ]
        for each in self.patches:
            each.start()

    def _committed(self, records: list[Record], offset: int | None) -> None:
        try:
            self.reader.take(records, offset, self.clock)
        except AssertionError as broken:
            # Kept: to the partition it is one more commit that failed.
            self.broken.append(broken)
            raise

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(coroutine)

    # Tickets come, and get their results

    @initialize()
    def begins(self) -> None:
        self._start(arrived=False)

    @rule(
        tickets=st.lists(tickets, max_size=3),
        most=st.integers(0, 8),
        moves=st.lists(moves, min_size=1, max_size=6),
        then=st.sampled_from(thens),
    )
    def tickets_get_on(
        self,
        tickets: list[tuple[bytes | None, int, bool | None]],
        most: int,
        moves: list[tuple[int, str]],
        then: str,
    ) -> None:
        """Some come, after gaps as compaction and markers leave them; some get their results."""
        for key, gap, good in tickets:
            offset = self.end + gap
            value = encode_ticket(Ticket(str(offset), "text")) if good else BAD
            value = OTHER if good is None else value
            self.events[offset], self.keys[offset] = (key, value), key
            self.end = offset + 1
        self._read(most)
        for which, how in moves:
            self._move(which, how)
        self._then(then, most)

    def _then(self, then: str, number: int) -> None:
        if then == "time passes":
            self.time_passes()
        elif then == "read again":  # a seek goes back, as Faust's does after a rebalance
            self.worker.position = max(0, self.worker.position - number)
        elif then == "tidied":
            self.is_tidied(20 * number)
        elif then == "a day later":
            self.is_tidied(25 * 60)
        elif then == "Kafka is slow":
            self.kafka.slow = True
        elif then in LIVES:
            self.worker_ends(then, arrived=number % 2 == 1)
        elif then in Outcome.__members__ and self.kafka.open is not None:
            self.kafka.slow = False
            self.kafka.answer(Outcome[then])
            self._run(asyncio.sleep(0))

    def _read(self, most: int) -> None:
        for offset in [o for o in self.events if o >= self.worker.position][:most]:
            key, value = self.events[offset]
            source = Source(TOPICS.input, PARTITION, offset)
            self.worker.receive(Work(source, key, value, 1_000, ()))
            self.worker.position = offset + 1

    def _move(self, which: int, how: str) -> None:
        """One ticket in hand gets a slot, if it has none, and its call ends as ``how`` says."""
        waiting, asked = self.worker.waiting, self.worker.asked
        line = [*asked.values(), *waiting]
        if not line:
            return
        work = line[which % len(line)]
        if work in waiting:
            waiting.remove(work)
            self._process(work)
        if work.source.offset not in asked or how == "only asked":
            return
        if how == "begun":
            self._begin([work])
        elif how in {"fails", "may be charged"}:
            self._failed(work, charged=how == "may be charged")
        elif how.endswith("refused"):  # a dead letter, that costs what its calls have cost
            if how.startswith("useless"):
                self._answered([work], ["useless"])
            else:
                self._failed(work, charged=False)
            del asked[work.source.offset]
            letter = self._letter("invalid_request_error", _so_far(work))
            self.worker.partition.finish(work, letter)
        elif how == "shared":
            alone = self.worker.begun
            every = [w for offset, w in asked.items() if offset not in alone] or [work]
            self._answered(every, [SHARED[n % 3] for n in range(which, which + len(every))])
        else:
            self._answered([work], [how])

    def _begin(self, works: list[Work]) -> str:
        """A call about these, unless it is begun already. From here on the API charges it."""
        first = works[0].source.offset
        if first not in self.worker.begun:
            call_id = f"c{len(self.charged)}"
            self.charged[call_id] = 1_000 * len(works) + len(self.charged)
            self.worker.calls.add(call_id)
            self.worker.begun[first] = call_id
            intent = self._call(call_id, works, ABANDONED, unsettled=True)
            self._run(self.worker.partition.begin_call(intent))
        return self.worker.begun[first]

    def _ends(self, works: list[Work]) -> str:
        call_id = self._begin(works)
        del self.worker.begun[works[0].source.offset]
        return call_id

    def _failed(self, work: Work, *, charged: bool) -> None:
        """A call that will be made again; of what it cost only a bound is known."""
        call_id = self._ends([work])
        if not charged:
            self.charged[call_id] = 0
        call = self._call(call_id, [work], "timeout", unsettled=charged)
        self.worker.partition.add_call(call)

    def _answered(self, works: list[Work], said: list[str]) -> None:
        """One paid call. A useless answer is asked for again; see Processing."""
        call_id = self._ends(works)
        call = self._call(call_id, works, "ok", said, cost=self.charged[call_id])
        partition = self.worker.partition
        partition.add_call(call)
        for work, share, word in zip(works, call.shares, said, strict=True):
            result = self._result(work, call, share)
            if word == "useless":
                work.so_far = result
                partition.ask_again(work)
            else:
                del self.worker.asked[work.source.offset]
                partition.finish(work, result)

    def _process(self, work: Work) -> None:
        """As Processing does: read it, take the paid result, or ask."""
        offset = work.source.offset
        if work.value == OTHER:
            self.worker.partition.finish(work, Skipped("filtered"))
            return
        try:
            work.ticket = decode_ticket(work.value)
        except UndecodableEvent as error:
            self.worker.partition.finish(work, self._letter(error.error_type, 0))
            return
        if work.paid is not None:
            assert offset in self.reader.durable
            self.worker.partition.finish(work, work.paid)
        else:
            assert offset not in self.reader.durable, f"{offset} is paid for, and asked again"
            forgotten = self.reader.paid[offset] - _so_far(work)
            assert not forgotten, f"{forgotten} paid for {offset} are forgotten"
            self.worker.asked[offset] = work

    # The worker's life

    def worker_ends(self, how: str, arrived: bool) -> None:
        """Killed: all is lost. Stopped: what is there is committed. Revoked: no time for that.

        Another one begins. ``arrived``: Kafka finishes the commit that the old one had sent.
        """
        if how == "killed":
            self.worker.kill()
            self._run(asyncio.sleep(0))
        else:
            for offset in list(self.worker.begun):
                self._failed(self.worker.asked[offset], charged=True)  # they are cancelled
            self._run(self.worker.give_up(flush=how == "stopped"))
            if how == "stopped" and self.kafka.open is None and not self.worker.failures:
                assert self.worker.calls <= self.reader.calls, "paid, and not in the books"
        self._start(arrived=arrived)

    def _start(self, *, arrived: bool) -> None:
        self.worker = Worker()
        self._run(self.worker.start(self.kafka, arrived=arrived))

    def _result(self, work: Work, call: CallRecord, share: Share) -> Classification:
        return classification(
            share.category,
            call_id=call.call_id,
            cost_picodollars=_so_far(work) + share.cost_picodollars,
            classified_at=call.ended_at,
        )

    def _letter(self, error_type: str, cost: int) -> DeadLetter:
        return DeadLetter(error_type, "why", "classify", 1, cost, int(self.clock * 1000))

    def _call(
        self,
        call_id: str,
        works: list[Work],
        outcome: str,
        said: list[str] | None = None,
        *,
        cost: int = 0,
        unsettled: bool = False,
    ) -> CallRecord:
        words = said or ["useless"] * len(works)
        categories = ["unknown" if word == "useless" else word for word in words]
        now, seen = int(self.clock * 1000), cost > 0
        return CallRecord(
            call_id=call_id,
            started_at=now,
            ended_at=now,
            tier="first",
            requested_model="m",
            model="m",
            prompt_version="v1",
            attempt=1,
            outcome=outcome,
            status=200 if seen else None,
            request_id=None,
            input_tokens=10 * seen * len(works),
            output_tokens=5 * seen * len(works),
            cache_write_5m_tokens=0,
            cache_write_1h_tokens=0,
            cache_read_tokens=0,
            cost_picodollars=cost,
            unsettled_picodollars=3_000 * len(works) if unsettled else 0,
            source_topic=TOPICS.input,
            source_partition=PARTITION,
            shares=[
                Share(work.source.offset, category, 10 * seen, 5 * seen, part)
                for work, category, part in zip(
                    works, categories, split(cost, range(1, len(works) + 1)), strict=True
                )
            ],
        )

    # The clock

    def time_passes(self) -> None:
        """Long enough for every commit that can be made."""
        self._run(asyncio.sleep(1))
        worker = self.worker
        if not worker.failures:
            # What is readable is what is committed, also while a transaction is open.
            assert worker.rows(worker.books.spend) == self.reader.spend
            assert worker.rows(worker.books.errors) == self.reader.errors
            assert worker.partition.committed == self.kafka.committed
            assert worker.partition.pending >= len(worker.taken - set(self.reader.out))
            assert self.kafka.open is not None or worker.uncommitted.total() == 0
            if self.kafka.open is None:
                self._the_money_is_in_the_books()

    def is_tidied(self, minutes: int) -> None:
        """As Member.housekeeping does: rows move on, and done rows that nobody needs go."""
        self.clock += 60 * minutes
        self.worker.partition.move_rows_on()
        if (end := self.worker.partition.trimmable()) is not None:
            self.kafka.delete_records(TopicPartition(TOPICS.done, PARTITION), end)
        if (end := self.worker.partition.trimmable_intents()) is not None:
            self.kafka.delete_records(TopicPartition(TOPICS.intents, PARTITION), end)

    def _the_money_is_in_the_books(self) -> None:
        """All that was charged, but for the calls in flight, whoever began them."""
        due = self.charged.keys() - self.worker.begun.values()
        assert due == self.reader.calls, "paid, and in no book"
        charged = sum(self.charged[call_id] for call_id in due)
        assert self.reader.settled <= charged <= self.reader.settled + self.reader.unsettled

    @invariant()
    def no_promise_is_broken(self) -> None:
        assert not self.broken, self.broken[0]

    # At last

    def teardown(self) -> None:
        """Whatever came before: one good worker more, and every ticket is out."""
        try:
            self.worker_ends("killed", arrived=False)
            self._read(len(self.events))
            while self.worker.waiting or self.worker.asked:
                self._move(0, "billing")
            self.time_passes()
            self.no_promise_is_broken()
            assert not self.worker.failures
            assert set(self.reader.out) == set(self.events)
            others = {offset for offset, (_, value) in self.events.items() if value == OTHER}
            assert self.reader.skipped == others
            assert self.worker.partition.pending == 0
            behind = [offset for offset in self.events if offset >= self.kafka.committed]
            assert not behind, f"{behind} are out and not committed"
        finally:
            self._stop()

    def _stop(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self._run(asyncio.sleep(0))
        self.loop.close()
        for each in self.patches:
            each.stop()


def _so_far(work: Work) -> int:
    return work.so_far.cost_picodollars if work.so_far else 0


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(
    max_examples=int(os.environ.get("DELIVERY_EXAMPLES", "100")), stateful_step_count=25
)
