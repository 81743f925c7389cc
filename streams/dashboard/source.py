"""Where the page's numbers come from, and how far they can be trusted at the moment."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from aiokafka.errors import KafkaError

from streams.access.connection import Address
from streams.audit.books import Books, BooksFollower, follow_books
from streams.audit.topic_admin import TopicsError, UnreachableError, open_admin
from streams.events.topics import Topics

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
PROBE_SECONDS = 2.0
"""After this long without news Kafka is asked whether it is there, and has as long to answer."""

State = Literal["loading", "live", "away", "unreadable"]
"""``away``: Kafka does not answer. ``unreadable``: it does, but the books cannot be read."""


class BooksSource:
    """Books that change, with what is known about them. Any number of tasks may wait for changes.

    Whoever changes anything here calls :meth:`touch` afterwards.
    """

    def __init__(self) -> None:
        self.books = Books()
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
        self._touched = asyncio.Event()

    async def run(self) -> None:
        """Keeps the books current until cancelled. Here nothing: others do."""

    def touch(self) -> None:
        """Wakes everybody who waits."""
        self.version += 1
        self._touched.set()
        self._touched = asyncio.Event()

    async def changed(self, version: int) -> None:
        """Waits until there is something newer than ``version``."""
        while self.version <= version:
            await self._touched.wait()

    def tell(self, state: State, detail: str | None = None) -> None:
        """Changes the state; does nothing where it is so already."""
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.touch()


class KafkaBooks(BooksSource):
    """The books as committed in Kafka. Shows what it knew last while Kafka is away."""

    def __init__(
        self,
        bootstrap: Address,
        topics: Topics,
        denied: Callable[[], Awaitable[str | None]] | None = None,
    ) -> None:
        """``denied`` says what Kafka denies us, if anything."""
        super().__init__()
        self._denied = denied
        self._bootstrap = bootstrap
        self._topics = topics

    async def run(self) -> None:
        """Follows until cancelled, whatever happens to Kafka."""
        while True:
            try:
                await self._probe()
                async with follow_books(self._bootstrap, self._topics) as follower:
                    await self._relay(follower)
            except UnreachableError as error:
                self.tell("away", str(error))
            except (TopicsError, KafkaError) as error:
                denied = await self._denied() if self._denied else None
                self.tell("unreadable", denied or str(error))
            except Exception as error:
                # A page that stands still and says nothing would be worse.
                log.exception("the books cannot be followed, trying again")
                self.tell("unreadable", f"{type(error).__name__}: the log says more")
            await asyncio.sleep(RETRY_SECONDS)

    async def _relay(self, follower: BooksFollower) -> None:
        self.books, seen = follower.books, follower.version
        self.current_at = time.time()
        self.tell("live")
        while True:
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    seen = await follower.changed(seen)
            except TimeoutError:
                # The follower outlives Kafka's absence without a word.
                await self._look()
                continue
            self.changed_at = self.current_at = time.time()
            self.state, self.detail = "live", None
            self.touch()

    async def _look(self) -> None:
        try:
            await self._probe()
        except UnreachableError as error:
            self.tell("away", str(error))
        else:
            self.current_at = time.time()
            self.tell("live")

    async def _probe(self) -> None:
        """Raises UnreachableError."""
        try:
            async with asyncio.timeout(PROBE_SECONDS), open_admin(self._bootstrap):
                pass
        except TimeoutError:
            raise UnreachableError(self._bootstrap) from None
