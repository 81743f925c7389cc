"""Takes results as a partition does, for the tests of this room."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from streams.books.dimensions import FieldValues
from streams.classify.duplicates import Duplicates
from streams.classify.triage import Lane
from streams.delivery.versions import Versions
from streams.delivery.work import Result, Work
from streams.events.model import CallRecord


@dataclass
class FakeDesk:
    """``told`` is everything in the order it was told, ``finished`` the results among it."""

    duplicates: Duplicates = field(default_factory=lambda: Duplicates(3_600))
    values: FieldValues = field(default_factory=FieldValues)
    versions: Versions = field(default_factory=Versions)
    waiting: dict[Lane, deque[Work]] = field(default_factory=dict)
    calls: set[asyncio.Future[Any]] = field(default_factory=set)
    closed: bool = False
    begun: list[CallRecord] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    records: list[CallRecord] = field(default_factory=list)
    asked_again: list[Work] = field(default_factory=list)
    finished: list[tuple[Work, Result]] = field(default_factory=list)

    async def begin_call(self, call: CallRecord) -> None:
        self.begun.append(call)

    def add_call(self, call: CallRecord) -> None:
        self.told.append(call)
        self.records.append(call)

    def ask_again(self, item: Work) -> None:
        self.told.append(item)
        self.asked_again.append(item)

    def finish(self, item: Work, result: Result) -> None:
        self.told.append(result)
        self.finished.append((item, result))

    @property
    def results(self) -> list[Result]:
        return [result for _, result in self.finished]
