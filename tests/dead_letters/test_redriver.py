"""What a redrive sends and in which transactions, without Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from streams.dead_letters import marks, redrive
from streams.dead_letters.plan import Order, Plan
from streams.dead_letters.redrive import BATCH_LETTERS, Redriver
from streams.dead_letters.wanted import Wanted
from streams.settings import Settings
from tests.dead_letters.records import OURS, record

TOPIC = "orders.dead-letter"
MARKS = marks.topic_of(Settings())


class FakeProducer:
    """Keeps what is committed, transaction by transaction."""

    def __init__(self, **_: Any) -> None:
        self.committed: list[list[tuple[str, bytes]]] = []
        self._open: list[tuple[str, bytes]] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def begin_transaction(self) -> None:
        self._open = []

    async def send(self, topic: str, value: bytes, *, key: bytes, **_: Any) -> Any:
        self._open.append((topic, key))
        sent = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    async def commit_transaction(self) -> None:
        self.committed.append(self._open)


class Scene:
    """Letters 0, 1 ... of one partition, all planned; ``marked`` are redriven already."""

    def __init__(self, patch: pytest.MonkeyPatch, letters: int, marked: marks.Marks) -> None:
        self.letters = [record(OURS, key=b"%d" % n, offset=n) for n in range(letters)]
        self.producer = FakeProducer()
        patch.setattr(redrive, "AIOKafkaProducer", lambda **_: self.producer)
        patch.setattr(redrive, "open_snapshot", self._snapshot)
        patch.setattr(marks, "create_topic", self._nothing)
        patch.setattr(marks, "read_marks", self._nothing)
        self._marked = marked

    async def _nothing(self, *_: Any) -> marks.Marks:
        return self._marked

    @asynccontextmanager
    async def _snapshot(self, *_: Any) -> AsyncIterator[Any]:
        yield self

    async def read(self, ends: Any, starts: Any) -> AsyncIterator[ConsumerRecord]:
        for letter in self.letters:
            yield letter

    async def run(self, *, again: bool = False) -> list[list[tuple[str, bytes]]]:
        targets = {(0, letter.offset): "orders" for letter in self.letters}
        plan = Plan(targets, {"orders": 2**20}, {"orders": 4})
        order = Order(TOPIC, Wanted(), again=again)
        redriver = Redriver(Settings(), order, plan, lambda _: None)
        await redriver.run()
        assert redriver.redriven == sum(len(sent) for sent in self.producer.committed) / 2
        return self.producer.committed


async def test_each_letter_goes_out_with_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    [sent] = await Scene(monkeypatch, 2, {}).run()
    assert sent == [
        ("orders", b"0"),
        (MARKS, f"{TOPIC}/0/0".encode()),
        ("orders", b"1"),
        (MARKS, f"{TOPIC}/0/1".encode()),
    ]


@pytest.mark.parametrize(("again", "sent"), [(False, [b"0", b"2"]), (True, [b"0", b"1", b"2"])])
async def test_what_an_earlier_run_has_sent_since_the_plan_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch, again: bool, sent: list[bytes]
) -> None:
    letter = record(OURS, offset=1)
    scene = Scene(monkeypatch, 3, {marks.key_of(letter): letter.timestamp})
    [found] = await scene.run(again=again)
    assert [key for topic, key in found if topic == "orders"] == sent


async def test_a_transaction_holds_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    committed = await Scene(monkeypatch, 2 * BATCH_LETTERS + 1, {}).run()
    assert [len(sent) // 2 for sent in committed] == [BATCH_LETTERS, BATCH_LETTERS, 1]
