"""The door to Faust: every override of faust-streaming 0.15.3, and the check that they still fit.

Faust gives the app, the agent, the stream, group membership and signals. Delivery is ours: offsets
are committed by the transaction of each partition, never by Faust. docs/reliability.md says why.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from operator import add
from typing import Any

import aiokafka
import faust
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.tables.wrappers import WindowWrapper
from faust.transport.conductor import Conductor
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from streams.access.connection import Kafka
from streams.delivery import shared_metadata
from streams.delivery.client_options import client_options
from streams.delivery.last_resort import EXIT_FAILED, exit_within
from streams.delivery.static_member import guard
from streams.delivery.tables import BookManager, BookTable, BookWrapper
from streams.delivery.throttling import Throttled, listen, nobody
from streams.events.sources import Place
from streams.settings import Settings

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

DAY = 86_400.0

IsInput = Callable[[str], bool]
"""Whether tickets are read from that topic."""

DRAIN_MARGIN = 6.0
"""Seconds for the last transactions, after the grace for calls in flight is over."""

RESUBSCRIBE_SECONDS = 1.0
"""Upstream waits 45 s after a topic was added, for more of them."""

HELD_PAUSE = 0.1
"""Seconds after which is looked again whether a partition that is held back may be read."""

CLOSE_TIMEOUT = 5.0
"""Seconds for Kafka's clients to close on a stop, and for the consumer to leave the group."""


@contextlib.contextmanager
def _more_arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """The consumer that Faust's driver makes in this block gets these, in place of its own.

    The driver has no setting for most of them.
    """

    if not arguments:
        yield
        return

    class WithOptions:
        """Stands for the module aiokafka in the driver."""

        @staticmethod
        def AIOKafkaConsumer(**given: Any) -> Any:  # noqa: N802
            return aiokafka.AIOKafkaConsumer(**{**given, **arguments})

    driver.aiokafka = WithOptions
    try:
        yield
    finally:
        driver.aiokafka = aiokafka


class ConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]
    """Reads the source read_committed, and ends a static member whose name another one has.

    Upstream hard-codes read_uncommitted unless Faust's own transactions are on, and would deliver
    the records of aborted transactions. Delete this when the isolation level is a setting.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        self.consumer.in_transaction = True
        try:
            upstream = super()._create_worker_consumer
            with _more_arguments(client_options(self.app.settings.kafka_client).consumer):
                return upstream(transport)
        finally:
            self.consumer.in_transaction = False

    async def seek_to_committed(self) -> Any:
        """Seek to where our partitions stand: for those that are open that is known, and not asked.

        What Kafka answers may be older: a transaction's offset counts some time after its commit
        was answered, and aiokafka asks without require_stable. And where nothing, or offset 0, is
        committed, aiokafka leaves the consumer where it was.
        """
        standing = {**await super().seek_to_committed(), **self.app.standing()}
        for tp in self.assignment():
            standing[tp] = standing.get(tp) or 0
            await self.call_thread(self._ensure_consumer().seek, tp, standing[tp])
        return {tp: standing[tp] for tp in self.assignment()}

    async def on_start(self) -> None:
        """Start the consumer."""
        await super().on_start()
        listen(self._consumer._client, self.app.throttled)
        if (settings := self.app.settings).group_instance_id is not None:
            guard(self._consumer._coordinator, settings)

    async def on_thread_stop(self) -> None:
        """Close the consumer, whatever comes of it.

        With Kafka away aiokafka raises CancelledError from within its close; upstream's thread then
        dies without a word to the main one, which waits for it for ever.
        """
        with contextlib.suppress(asyncio.CancelledError):
            await super().on_thread_stop()


class SafeConsumer(Consumer):  # type: ignore[misc]
    """Commits nothing, and can be waited for until no fetch is under way.

    Upstream seeks after a rebalance while a fetch from before it may still be running; what that
    fetch brings moves the read offset past events that are then never delivered.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._no_fetch = asyncio.Event()
        self._no_fetch.set()

    async def until_no_fetch(self) -> None:
        """Return when no fetch is under way. Call with the flow stopped: none begins then."""
        async with asyncio.timeout(30):
            await self._no_fetch.wait()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        self._no_fetch.clear()
        try:
            return await super()._wait_next_records(timeout)
        finally:
            self._no_fetch.set()

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        # A copy: upstream's set may be emptied while the fetch waits, and an empty set means "all".
        wanted = None if active_partitions is None else frozenset(active_partitions)
        # Not by upstream's pause: what was fetched and is not handed over yet would be lost by it.
        held = self.app.held_back()
        if wanted is None or not held:
            return await super()._getmany(wanted, timeout)
        wanted = frozenset(tp for tp in wanted if tp not in held)
        if not wanted:
            await self.sleep(HELD_PAUSE)
            return {}
        return await super()._getmany(wanted, min(timeout, HELD_PAUSE))

    async def _commit(self, offsets: Any) -> bool:
        """Offsets are committed in the partition's transaction."""
        del offsets
        return True


class QuietMonitor(faust.Monitor):  # type: ignore[misc]
    """Counts no events: nobody reads these counts (our metrics tell what is committed), and they
    take 5 microseconds of each."""

    def on_message_in(self, *_: Any) -> None:
        """Not counted."""

    def on_stream_event_in(self, *_: Any) -> None:
        """Not counted."""

    def on_stream_event_out(self, *_: Any) -> None:
        """Not counted."""

    def on_message_out(self, *_: Any) -> None:
        """Not counted."""


class App(faust.App):  # type: ignore[misc]
    """A Faust app with books, that is drained by us before Faust stops its consumer."""

    settings: Settings
    spend: BookWrapper
    errors: BookWrapper

    drain: Callable[[], Awaitable[None]] | None = None
    """Finishes and commits what is in hand."""

    find_topics: Callable[[], Awaitable[None]] | None = None
    """Has topics subscribed to that only Kafka knows of; asked before the first subscription."""

    held_back: Callable[[], Collection[tuple[str, int]]] = frozenset
    """The input topics' partitions that are not read for now: topic and number."""

    standing: Callable[[], Mapping[Place, int]] = dict
    """The offsets from which the open partitions of input topics are read, when asked."""

    throttled: Throttled = staticmethod(nobody)
    """Told, in the consumer's thread, what quotas do to the consumer."""

    def book(
        self,
        name: str,
        default: Callable[[], Any],
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        settings: Settings,
    ) -> BookWrapper:
        """A tumbling table whose rows are written in transactions; see streams.delivery.tables.

        Rows are numbers, or of a class with ``plus``.
        """
        table: BookTable = self.Table(
            name,
            default=default,
            encode=encode,
            decode=decode,
            plus=getattr(default, "plus", add),
            retention=settings.retention,
        )
        window: BookWrapper = table.tumbling(settings.window_seconds)
        relative: BookWrapper = window.relative_to_now()
        return relative

    def also_read(self, channel: Any, topics: Iterable[str]) -> list[str]:
        """Have the agent on ``channel`` read these topics too; returns those that are new to it.

        Upstream can subscribe to a pattern, but delivers nothing of what it finds.
        """
        before = list(channel.topics)
        new = [topic for topic in topics if topic not in before]
        if new:
            # Once it runs, the agent reads from a copy of the channel, which is registered there.
            for one in {channel, *self.topics}:
                if list(one.topics) == before:
                    one.topics = [*before, *new]
            self.topics._flag_changes()  # the group is rebalanced soon
        return new

    async def on_start(self) -> None:
        """Before anything is subscribed to."""
        self.topics._resubscribe_sleep_lock_seconds = RESUBSCRIBE_SECONDS
        if self.find_topics is not None:
            await self.find_topics()
        await super().on_start()

    def is_rebalancing(self) -> bool:
        """Whether the group is being rebalanced."""
        return bool(self.rebalancing)

    async def assignment_of(self, is_input: IsInput) -> tuple[list[Place], int]:
        """Our partitions of input topics and the group's generation, once no old fetch is left."""
        await self.consumer.until_no_fetch()
        ours = [Place(*tp) for tp in self.consumer.assignment() if is_input(tp.topic)]
        return ours, self.consumer_generation_id

    async def positions_of(self, is_input: IsInput) -> dict[Place, int]:
        """Where the consumer stands in our partitions of input topics."""
        ours = [tp for tp in self.consumer.assignment() if is_input(tp.topic)]
        return {Place(*tp): await self.consumer.position(tp) or 0 for tp in ours}

    def _create_directories(self) -> None:
        """Upstream makes folders for stores on disk; ours are in memory, and nothing is left."""

    async def on_stop(self) -> None:
        """Still a member of the group here, so calls in flight can be finished and committed."""
        if self.drain is not None:
            with contextlib.suppress(TimeoutError):  # Kafka is away: it is left to the next owner
                async with asyncio.timeout(self.settings.stop_grace + DRAIN_MARGIN):
                    await self.drain()
        exit_within(CLOSE_TIMEOUT, lambda: 0 if self.crash_reason is None else EXIT_FAILED)
        await super().on_stop()


def forget(app: App, event: Any) -> None:
    """Take an event out of Faust's hands: it must neither commit it nor wait for it.

    Upstream waits for every unacknowledged event before a rebalance, and keeps a reference to the
    last one itself, so that dropping work without this would wait for ever.
    """
    app.consumer._unacked_messages.discard(event.message)


def credentials_of(kafka: Kafka) -> Any:
    """What every other client is given (streams.access.connection), in Faust's words."""
    given = kafka.security
    context, mechanism = given.get("ssl_context"), given.get("sasl_mechanism")
    if mechanism == "OAUTHBEARER":
        tokens = given["sasl_oauth_token_provider"]
        return faust.OAuthCredentials(oauth_cb=tokens, ssl_context=context)
    if mechanism is not None:
        return faust.SASLCredentials(
            username=given["sasl_plain_username"],
            password=given["sasl_plain_password"],
            mechanism=mechanism,
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)


def create_app(settings: Settings) -> App:
    """A Faust app with nothing of Faust's own delivery left on."""
    app = App(
        settings.app_id,
        broker=[f"kafka://{server.strip()}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=credentials_of(settings.kafka),
        broker_client_id=settings.app_id,
        consumer_auto_offset_reset="earliest",
        # A partition that is added is noticed within this time.
        consumer_metadata_max_age_ms=15_000,
        consumer_group_instance_id=settings.group_instance_id,
        # Part of the assignment that Kafka keeps for a static member; upstream's holds the host's
        # name, which is another one when a container is made again, and then dies of the change.
        canonical_url=f"http://{settings.group_instance_id or 'dynamic'}",
        broker_session_timeout=settings.session_timeout,
        # With a long session, as static members have, a rebalance must still be heard of soon.
        broker_heartbeat_interval=min(settings.session_timeout / 5, 3.0),
        # A rebalance waits for our calls in flight; then the others must not have given up on us.
        broker_rebalance_timeout=settings.stop_grace + 30.0,
        broker_request_timeout=max(40.0, settings.session_timeout + 5.0),
        # Under full back-pressure nothing is polled; upstream would leave the group for good.
        broker_max_poll_interval=DAY,
        # What was fetched of a partition is handed over before the next one's: with upstream's 1 MB
        # of each, 60 partitions wait for minutes. (A larger ticket comes all the same.)
        consumer_max_fetch_size=64 * 1024,
        broker_max_poll_records=500,
        stream_buffer_maxsize=256,
        stream_wait_empty=False,
        stream_processing_timeout=DAY,  # the watchdog is ours
        broker_commit_livelock_soft_timeout=DAY,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        web_enabled=False,  # upstream's listens on 0.0.0.0 with the tables open
        worker_redirect_stdouts=False,
        table_standby_replicas=0,
        autodiscover=False,
        Table=BookTable,
        TableManager=BookManager,
        Monitor=QuietMonitor,
    )
    app.settings = settings
    app.transport.Consumer = SafeConsumer
    return app


PRIVATE_NAMES: list[tuple[Any, str]] = [
    (faust.App, "_create_directories"),
    (AIOKafkaConsumerThread, "_create_worker_consumer"),
    (AIOKafkaConsumerThread, "on_thread_stop"),
    (Consumer, "_new_consumer_thread"),
    (Consumer, "_wait_next_records"),
    (Consumer, "_getmany"),
    (Consumer, "_commit"),
    (AIOKafkaClient, "send"),
    (GroupCoordinator, "reset_generation"),
    (GroupCoordinator, "_push_error_to_user"),
    *((Conductor, n) for n in ("_flag_changes", "_resubscribe_sleep_lock_seconds")),
    *((Table, n) for n in ("_new_changelog_topic", "_relative_now", "_del_old_keys")),
    *((Table, n) for n in ("on_key_set", "on_key_del", "on_clear", "data")),
    (WindowWrapper, "_keys"),
    (TableManager, "_update_channels"),
    *shared_metadata.PRIVATE_NAMES,
]


def misfits() -> list[str]:
    """Why the overrides may not fit what is installed; empty where they do."""
    wrong = [
        f"{name} is {version(name)}, streams/delivery is made for {wanted}"
        for name, wanted in PINNED.items()
        if version(name) != wanted
    ]
    wrong += [f"{o.__name__}.{name} is gone" for o, name in PRIVATE_NAMES if not hasattr(o, name)]
    return wrong
