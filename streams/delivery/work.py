"""A ticket in hand: from the event that was read to the transaction that finishes it."""

from dataclasses import dataclass, field
from typing import Any

from streams.books.purse import Held
from streams.books.rows import Stage
from streams.classify.triage import Lane
from streams.delivery.size import Headers, size_of
from streams.events.model import Classification, SkipReason, Source, Ticket
from streams.events.topics import OUTPUT_BYTES

MOST_BYTES = OUTPUT_BYTES - 64 * 1024
"""Of key, value and headers: what is larger fits into no topic of ours with the headers we add."""

NO_LANE = Lane("first", 1)


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


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why an event is finished without a result, and without any cost."""

    reason: SkipReason


Result = Classification | DeadLetter | Skipped


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
    """What its calls have cost, and the best that they said, if none of them was the last word."""
    result: Result | None = None

    spans: Any = None
    """What streams.observe.traces keeps of it."""

    # On its way to a result
    begun: int = 0
    """Its place among the events that this worker has begun, for the dead-letter breaker."""
    books_value: str = ""
    """What the books tell it apart by; see streams.books.dimensions."""
    fingerprint: bytes = b""
    """The same for identical tickets."""
    part: str = ""
    """What it adds to a prompt."""
    bound: int = 0
    """The most input tokens of that."""
    isolated: bool = False
    """It must not share a call."""
    lane: Lane = NO_LANE
    held: Held = ()
    """Money that is reserved for it while it is in a call."""
    attempts: int = 0
    """Calls that held it."""
    tries: int = 0
    """Calls of its tier that held nothing else and brought no usable answer."""

    size: int = field(init=False)
    """Bytes of key, value and headers."""

    def __post_init__(self) -> None:
        self.size = size_of(self.key, self.value, self.headers)
