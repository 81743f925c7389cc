"""A ticket in hand: from the event that was read to the transaction that finishes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from streams.books.rows import Stage
from streams.events.model import Classification, Source, Ticket
from streams.events.topics import OUTPUT_BYTES

Headers = Sequence[tuple[str, bytes | None]]

MOST_BYTES = OUTPUT_BYTES - 64 * 1024
"""Of key, value and headers: what is larger fits into no topic of ours with the headers we add."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why an event leaves the line. ``message`` never holds text of the ticket."""

    error_type: str
    message: str
    stage: Stage
    attempts: int
    cost_picodollars: int
    at: int
    """Epoch milliseconds."""


@dataclass(slots=True)
class Work:
    """One event. ``result`` is None until its ticket is classified or given up."""

    source: Source
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers
    ticket: Ticket | None = None
    paid: Classification | None = None
    """Found among the done rows: a result that is committed, of a ticket that is not out."""
    so_far: Classification | None = None
    """What its calls have cost, if none of them brought a result yet."""
    result: Classification | DeadLetter | None = None

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers
