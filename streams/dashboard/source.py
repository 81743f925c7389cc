"""Where the page's numbers come from, and how far they can be trusted at the moment."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from streams.audit.group import Group
from streams.dashboard.calls_seen import KEPT_SECONDS, CallsSeen
from streams.dashboard.latest import Latest
from streams.dashboard.watched import WatchedBooks

log = logging.getLogger(__name__)

State = Literal["loading", "live", "away", "unreadable"]
"""``away``: Kafka does not answer. ``unreadable``: it does, but the books cannot be read."""


class BooksSource:
    """Books that change, with what is known about them. Any number of tasks may wait for changes.

    Whoever changes anything here calls :meth:`touch` afterwards.
    """

    def __init__(self, window_seconds: int = 60) -> None:
        self.window_seconds = window_seconds
        self.books = WatchedBooks(window_seconds)
        self.calls = CallsSeen(window_seconds)
        self.latest = Latest()
        self.group: Group | None = None
        """As it was at ``group_at`` (epoch seconds); None as long as it is not known."""
        self.group_at: float | None = None
        self.state: State = "loading"
        self.detail: str | None = None
        """What a person can do about the state."""
        self.changed_at: float | None = None
        """When the books last changed before our eyes (epoch seconds)."""
        self.current_at: float | None = None
        """When the books were last known to be as Kafka has them (epoch seconds)."""
        self.version = 0
        """Grows with every change of the books or of the state."""
        self.demo = False
        """Whether this is the demo: the page then has its buttons."""
        self.readers = 0
        """Pages that are open: without any, nobody asks how the group is."""
        self._touched = asyncio.Event()
        self.books.stamp = self.stamp

    async def run(self) -> None:
        """Keeps the books current until cancelled. Here nothing: others do."""

    def touch(self) -> None:
        """Wakes everybody who waits."""
        self.version += 1
        self.books.stamp = self.stamp
        self._touched.set()
        self._touched = asyncio.Event()

    @property
    def stamp(self) -> int:
        """What changes are stamped with: newer than all that was told so far."""
        return self.version + 1

    async def changed(self, version: int) -> None:
        """Waits until there is something newer than ``version``."""
        while self.version <= version:
            await self._touched.wait()

    def replace(self, books: WatchedBooks) -> None:
        """Other books from now on."""
        self.books = books
        self.touch()

    def tidy(self) -> None:
        """Drops what is too old to be shown; rows of the books go as the changelogs say."""
        old = self.now() - KEPT_SECONDS
        self.calls.forget(old)
        books = self.books
        for steps in (books.spend_steps, books.error_steps, books.paid_steps):
            steps.forget(old, empty_only=True)

    def tell(self, state: State, detail: str | None = None) -> None:
        """Changes the state; does nothing where it is so already."""
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.touch()

    @contextmanager
    def reader(self) -> Iterator[None]:
        """While a page is open."""
        self.readers += 1
        self.touch()
        try:
            yield
        finally:
            self.readers -= 1

    async def until_read(self) -> None:
        """Waits until a page is open."""
        while not self.readers:
            await self.changed(self.version)

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()
