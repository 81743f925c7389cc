"""What flows through the topics, as plain data.

Times are UTC epoch milliseconds, money is pico-dollars. What is made for every ticket, and never
changed, is a named tuple: a frozen dataclass takes four times as long to make.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

UNKNOWN = "unknown"

ABANDONED = "abandoned"
"""Outcome of a call whose worker died, or could not commit, before it was booked."""

WRITTEN_OFF = "written_off"
"""Outcome of a record that takes back what another one has as unsettled: no call of its own."""

SETTLED = "settled"
"""The same, with what the API's account says that the call cost."""

REPRICED = "repriced"
"""The same, with what its tokens cost, for a call that was booked before there was a price."""

CLOSING = (WRITTEN_OFF, SETTLED, REPRICED)
"""Outcomes of records that are no calls: see streams.books.closing."""

UNPRICED = "unpriced_model"
"""Outcome of a call that was answered by a model without a price."""

Tier = Literal["first", "escalation", "cache", "none"]
"""Which tier answered; ``cache`` where an identical ticket had its answer before, ``none`` where no
call was needed."""


SkipReason = Literal["filtered", "tombstone", "superseded", "not_selected"]
"""Why an event is finished without a result: it is no ticket by the filter, it has no value, a
later version of the same ticket is there, or a replay does not ask for it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The value of the input topic."""

    id: str
    text: str
    subject: str | None = None
    customer_id: str | None = None
    channel: str | None = None
    created_at: int | None = None


class Source(NamedTuple):
    """Coordinates of an event of the input topic."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Classification:
    """What was found out about one ticket, and what all calls made for it cost."""

    category: str
    confidence: float
    tier: Tier
    model: str | None
    reason: str | None
    input_tokens: int
    output_tokens: int
    cost_picodollars: int
    call_id: str | None
    prompt_version: str
    classified_at: int
    books_value: str = ""
    """The ticket's value of the field that the books tell apart, as a row's key has it."""


@dataclass(frozen=True, slots=True)
class RoutedTicket:
    """The value of a category topic."""

    ticket: Ticket
    classification: Classification
    source: Source


class Share(NamedTuple):
    """One ticket's part of a call. Input tokens include cached ones."""

    source_offset: int
    category: str
    input_tokens: int
    output_tokens: int
    cost_picodollars: int
    outcome: str = "ok"
    """``ok``, ``low_confidence``, or why this ticket got no usable answer."""
    confidence: float = 0.0
    books_value: str = ""
    """As :attr:`Classification.books_value`."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of the Messages API, failed ones too: the value of the calls topic.

    ``outcome`` is ``ok``, the reason why there is no usable answer, or ``incomplete`` where only
    some of its tickets got one. A call whose usage was seen
    has its cost; one whose usage was never seen has an upper bound in ``unsettled_picodollars``,
    which is negative where it is taken back.
    """

    call_id: str
    started_at: int
    ended_at: int
    tier: Tier
    requested_model: str
    model: str
    prompt_version: str
    attempt: int
    outcome: str
    status: int | None
    request_id: str | None
    input_tokens: int
    output_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    cache_read_tokens: int
    cost_picodollars: int
    unsettled_picodollars: int
    source_topic: str
    source_partition: int
    shares: Sequence[Share]
    requests_limit: int | None = None
    """The API's limit a minute, for the whole organisation; None where the answer told none."""
    input_tokens_limit: int | None = None
    output_tokens_limit: int | None = None

    @property
    def usage_seen(self) -> bool:
        """Whether the API told what the call used: then its cost is exact, or will be when there is
        a price; else it is only bounded."""
        if self.outcome == UNPRICED:  # older versions did not write down what such a call used
            return self.output_tokens > 0
        return self.status == 200 and self.unsettled_picodollars == 0


@dataclass(frozen=True, slots=True)
class SkippedRun:
    """Offsets that follow each other, both ends included, skipped for the same reason."""

    first_offset: int
    last_offset: int
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class SkippedEvents:
    """Events that a transaction finished without a result: the value of the skipped topic."""

    source_topic: str
    source_partition: int
    skipped_at: int
    runs: Sequence[SkippedRun]


class Done(NamedTuple):
    """What need not be done again for a ticket: the value of the done topic.

    ``result`` is there only while the paid ticket waits for an earlier one of its key. With
    ``ask_again`` its answer could not be used: the ticket is asked again, and it says what the
    calls so far have cost.
    """

    source_offset: int
    released: bool
    result: Classification | None = None
    ask_again: bool = False
