"""A call is on record before it is made, so that no crash leaves money that no book tells of.

An *intent* is the call record that a call becomes if nobody hears of it again: outcome
``abandoned``, cost 0, the most that it can have cost as unsettled. It is written before the request
is sent. The transaction that books the call closes the intent: a record with its key and no value.
Whoever owns the partition next books those that are still open, in its first transaction.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from streams.access.connection import Address, client_arguments
from streams.delivery.group_write import GroupWriter
from streams.delivery.records import Record
from streams.delivery.throttling import Throttled, listen, nobody
from streams.delivery.transaction import BATCH_BYTES, REQUEST_TIMEOUT_MS
from streams.events.model import CallRecord
from streams.events.wire import decode_call, encode_call

log = logging.getLogger(__name__)

WRITE_SECONDS = 15.0
"""Longer than a request, that aiokafka sends again as long; it may also wait for ever."""
RETRY_SECONDS = 0.5
CLOSE_SECONDS = 0.5
"""Nothing is left to be written by then; and a stop must end soon with Kafka away, too."""


class Intents:
    """Writes the intents of one worker, to the partitions of ``topic``.

    Not transactional: an intent counts whatever becomes of the transaction. Acknowledged: without,
    a broker drops what comes while the partition's leader changes, and nobody hears of it; and
    what comes late would come after the record that closes it.
    """

    def __init__(
        self,
        bootstrap: Address,
        topic: str,
        client_id: str = "ticket-streams",
        throttled: Throttled = nobody,
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._client_id = client_id
        self._throttled = throttled
        self._writer: GroupWriter | None = None
        self._starting = asyncio.Lock()
        self._dropped: set[asyncio.Task[None]] = set()
        self._complained = False

    async def open(self) -> None:
        """Connect. Raises what aiokafka raises."""
        await self._connected()

    async def write(self, call: CallRecord) -> None:
        """Return when the call may be made. Waits while Kafka is away: what cannot be booked is
        not bought."""
        key, value = call.call_id.encode(), encode_call(call)
        record = Record(self._topic, call.number, key, value)
        while True:
            writer = self._writer
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    writer = writer or await self._connected()
                    await writer.write(record)
            except Exception as error:  # whatever it is: without an intent there is no call
                self._complain(error)
                self._drop(writer)
            else:
                self._complained = False
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def close(self) -> None:
        """Close the connection."""
        self._drop(self._writer)
        await asyncio.gather(*self._dropped)

    async def _connected(self) -> GroupWriter:
        async with self._starting:
            if self._writer is None:
                producer = AIOKafkaProducer(
                    **client_arguments(self._bootstrap),
                    client_id=self._client_id,
                    acks="all",
                    request_timeout_ms=REQUEST_TIMEOUT_MS,
                    max_batch_size=BATCH_BYTES,
                )
                try:
                    await producer.start()
                    listen(producer.client, self._throttled)
                except BaseException:
                    await _stop(producer)
                    raise
                self._writer = GroupWriter(producer)
            return self._writer

    def _drop(self, writer: GroupWriter | None) -> None:
        """aiokafka's producer does not come back from every error."""
        if writer is None or writer is not self._writer:
            return
        self._writer = None
        task = asyncio.create_task(_stop(writer.producer))
        self._dropped.add(task)
        task.add_done_callback(self._dropped.discard)

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            log.warning("calls wait: Kafka does not take their intents: %r", error)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await producer.stop()
    except Exception as error:
        log.debug("closing the producer of the intents: %r", error)


class IntentLog:
    """The records of one partition of the intents topic, taken in their order.

    The order does not matter: an intent that was written again may come after the record that
    closes it, too. ``number`` is that partition's.
    """

    def __init__(self, number: int | None = None) -> None:
        self._number = number
        self._intents: dict[bytes, bytes] = {}
        self._closed: set[bytes] = set()

    def take(self, key: bytes, value: bytes | None) -> None:
        """The next record."""
        if value is None:
            self._closed.add(key)
        else:
            self._intents[key] = value

    def open(self) -> list[CallRecord]:
        """What is to be booked: intents that nothing closes. Raises UndecodableEvent."""
        left = [value for key, value in self._intents.items() if key not in self._closed]
        return [decode_call(value, self._number) for value in left]


class InFlight:
    """The calls of one partition that are begun and not committed, and so how many of the intents
    topic's records may go."""

    def __init__(self) -> None:
        self._begun = 0
        self._open: dict[str, int] = {}
        # (end in the intents topic, calls begun by then) of each commit since the last trim
        self._commits: deque[tuple[int, int]] = deque()

    def begin(self, call_id: str) -> None:
        """Its intent is about to be written."""
        self._open[call_id] = self._begun
        self._begun += 1

    def commit(self, call_ids: Iterable[str], end: int | None) -> None:
        """These are booked, and the records that close them lie below ``end``.

        An intent that is written later, when this commit is known, comes after ``end``.
        """
        for call_id in call_ids:
            self._open.pop(call_id, None)
        if end is not None:
            self._commits.append((end, self._begun))

    def trimmable(self) -> int | None:
        """Records below this offset are not needed any more; None if none."""
        end = None
        # dicts keep their order: the first is the oldest
        oldest = next(iter(self._open.values()), self._begun)
        while self._commits and self._commits[0][1] <= oldest:
            end = self._commits.popleft()[0]
        return end
