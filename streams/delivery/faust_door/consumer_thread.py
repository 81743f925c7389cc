"""The thread that fetches: its consumer's arguments, where it seeks to, and how it ends."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import aiokafka
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from streams.delivery.client_options import client_options
from streams.delivery.static_member import guard
from streams.delivery.throttling import listen
from streams.events.sources import Place


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
        """Seek to where our partitions stand, which whoever opened them knows: Kafka is not asked.

        Its answer may be older: a transaction's offset counts some time after its commit was
        answered, and aiokafka asks without require_stable. And where nothing, or offset 0, is
        committed, aiokafka leaves the consumer where it was.
        """
        return await self.call_thread(self._seek_all, self.app.standing())

    def _seek_all(self, standing: Mapping[Place, int]) -> dict[Any, int]:
        """In the consumer's thread, so that no rebalance comes between. What is not open is left:
        its events are nobody's."""
        consumer = self._ensure_consumer()
        found = {tp: standing[tp] for tp in consumer.assignment() if tp in standing}
        for tp, offset in found.items():
            consumer.seek(tp, offset)
        return found

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
