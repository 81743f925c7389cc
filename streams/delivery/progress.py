"""How far a source partition is done, and for which topic: told by Kafka twice, and compared.

Our commits carry the topic's id in their metadata, and every row of the done topic carries the id
and the offset that its transaction committed. An operator's reset changes the first only, a topic
that is made again neither: so both are noticed when the partition is opened.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aiokafka.structs import OffsetAndMetadata

from streams.delivery.records import Record
from streams.delivery.size import Headers
from streams.events.model import Done
from streams.events.wire import encode_done

METADATA = "ticket-streams topic id "
HEADER = "ticket-streams.committed"
NOTHING = -1


class Commit(NamedTuple):
    """What a transaction committed: an offset of the topic with this id, or NOTHING."""

    topic_id: str
    offset: int = NOTHING

    @property
    def header(self) -> tuple[str, bytes]:
        """For the rows of the transaction."""
        return HEADER, f"{self.topic_id} {self.offset}".encode()


def metadata_of(topic_id: str) -> str:
    """For the committed offset: empty where Kafka has no ids."""
    return METADATA + topic_id if topic_id else ""


def commit_of(headers: Headers) -> Commit | None:
    """What the header of a row says; None for a row of a version that wrote no such header."""
    for name, value in headers:
        if name == HEADER and value is not None:
            topic_id, _, offset = value.decode().rpartition(" ")
            return Commit(topic_id, int(offset))
    return None


def stamped(
    records: Iterable[Record], done: str, partition: int, commit: Commit
) -> Iterator[Record]:
    """``records`` with their rows of the topic ``done`` stamped, and at least one such row if an
    offset is committed: its value is of no ticket, offset -1."""
    told = commit.offset == NOTHING
    stamp = commit.header
    for record in records:
        if record.topic == done:
            told = True
            topic, number, key, value, timestamp, headers = record
            yield Record(topic, number, key, value, timestamp, [*headers, stamp])
        else:
            yield record
    if not told:
        yield mark(done, partition, commit)


def mark(done: str, partition: int, commit: Commit) -> Record:
    """A row of no ticket, that only tells what is committed."""
    value = encode_done(Done(-1, released=False, ask_again=True))
    return Record(done, partition, b"-1", value, None, [commit.header])


class Progress:
    """The rows of the done topic, taken in their order."""

    def __init__(self, topic_id: str = "") -> None:
        self._topic_id = topic_id
        self.done: dict[int, Done] = {}
        """The last row of each ticket, by source offset."""
        self.committed = NOTHING
        """What the last transaction committed that committed anything."""

    def take(self, row: Done, headers: Headers) -> None:
        """The next row. One of another topic of the same name is left out."""
        commit = commit_of(headers)
        if commit is not None and self._other(commit.topic_id):
            return
        if commit is not None and commit.offset != NOTHING:
            self._go_to(commit.offset)
        if row.source_offset >= 0:
            self.done[row.source_offset] = row

    def begin(self, group: OffsetAndMetadata | None) -> tuple[int, bool]:
        """Where to begin, ``group`` being the group's committed offset, and whether that is new:
        then it must be committed, with a mark, before anything is read.

        A reset backwards is an order: released tickets from there on to where we were are
        forgotten. Where the group's offset is gone (Kafka forgets them after a week without a
        member) or is of another topic, our own rows tell; without any it is the beginning.
        """
        if group is not None and group.offset >= 0 and not self._foreign(group.metadata):
            return group.offset, self._go_to(group.offset)
        new = group is not None and group.offset >= 0
        return max(0, self.committed), new or self.committed != NOTHING

    def _go_to(self, offset: int) -> bool:
        """Whether it was a way back. What is paid and not out is never forgotten."""
        back = offset < self.committed
        if back:
            for known, row in list(self.done.items()):
                if known < self.committed and row.released:
                    del self.done[known]
        self.committed = offset
        return back

    def _other(self, topic_id: str) -> bool:
        return bool(topic_id and self._topic_id) and topic_id != self._topic_id

    def _foreign(self, metadata: str) -> bool:
        """Offsets committed without metadata, or with somebody else's, are taken as they are."""
        return metadata.startswith(METADATA) and self._other(metadata.removeprefix(METADATA))
