"""One event to its result."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from streams.claude.classifier import Answered, Unanswerable
from streams.claude.failures import Failure, Recovery
from streams.delivery.breaker import Breaker
from streams.delivery.processing import Processing
from streams.delivery.work import MOST_BYTES, DeadLetter, Work
from streams.events.model import CallRecord, Classification, Source, Ticket
from streams.events.registry import Registry
from streams.events.wire import encode_ticket
from tests.delivery.events import classification, work


@dataclass
class Partition:
    """Takes results as a partition does."""

    finished: list[tuple[Work, Classification | DeadLetter, CallRecord | None]] = field(
        default_factory=list
    )
    calls: list[CallRecord] = field(default_factory=list)

    def add_call(self, call: CallRecord, item: Work, so_far: Classification | None) -> None:
        self.calls.append(call)

    def finish(
        self, item: Work, result: Classification | DeadLetter, call: CallRecord | None = None
    ) -> None:
        self.finished.append((item, result, call))


class FakeClassifier:
    """Knows what comes of a ticket, and notes who asked."""

    def __init__(self, outcome: Answered | Exception) -> None:
        self._outcome = outcome
        self.asked: list[tuple[Source, Ticket]] = []

    async def classify(
        self,
        source: Source,
        ticket: Ticket,
        record: Callable[[CallRecord, Classification | None], None],
        so_far: Classification | None,
    ) -> Answered:
        self.asked.append((source, ticket))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


ANSWERED = Answered(classification(), None)


async def process(
    item: Work, outcome: Answered | Exception = ANSWERED, breaker: Breaker | None = None
) -> tuple[Partition, Any]:
    partition, classifier = Partition(), FakeClassifier(outcome)
    breaker = breaker or Breaker(1.0, 1, pytest.fail)  # never opens
    await Processing(classifier, Registry(None), breaker)(partition, item)  # type: ignore[arg-type]
    return partition, classifier


async def letter(item: Work, outcome: Answered | Exception = ANSWERED) -> DeadLetter:
    partition, _ = await process(item, outcome)
    [(finished, result, call)] = partition.finished
    assert finished is item
    assert call is None
    assert isinstance(result, DeadLetter)
    return result


async def test_a_ticket_gets_its_category() -> None:
    item = work()
    partition, classifier = await process(item)
    assert partition.finished == [(item, ANSWERED.classification, None)]
    assert classifier.asked == [(item.source, Ticket("t1", "hello"))]
    assert item.ticket == Ticket("t1", "hello")  # routing needs it


async def test_a_ticket_that_is_paid_already_is_not_asked_about_again() -> None:
    item = work()
    item.paid = replace(classification(), call_id="paid")
    partition, classifier = await process(item)
    assert classifier.asked == []
    assert partition.finished == [(item, item.paid, None)]
    assert item.ticket is not None


@pytest.mark.parametrize(
    ("value", "error_type"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"\xff\xff", "not_utf8"),
        (b"{}", "not_a_ticket"),
        (b"\x00\x00\x00\x00\x07x", "unknown_schema"),
        (b"\xc3\x01" + bytes(8), "unknown_fingerprint"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
    ],
)
async def test_an_event_that_cannot_be_read_is_a_dead_letter(
    value: bytes | None, error_type: str
) -> None:
    result = await letter(work(value=value))
    assert (result.error_type, result.stage) == (error_type, "decode")
    assert (result.attempts, result.cost_picodollars) == (0, 0)
    assert result.message
    assert result.at > 1_700_000_000_000


async def test_headers_count_too() -> None:
    result = await letter(work(headers=[("h", b"x" * MOST_BYTES)]))
    assert result.error_type == "too_large"


@pytest.mark.parametrize("character", ["\x01", '"', "\\", "\u20ac"])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.95])
async def test_what_is_classified_can_be_routed_in_any_format(character: str, share: float) -> None:
    """A control character takes six bytes in JSON: such a ticket must not end in a crash loop."""
    count = int(share * MOST_BYTES / len(character.encode()))
    item = work(value=encode_ticket(Ticket("t1", character * count)))
    partition, _ = await process(item)
    [(_, result, _)] = partition.finished
    if isinstance(result, DeadLetter):
        assert result.error_type == "too_large"
        assert len(encode_ticket(Ticket("t1", character * count), "json")) > MOST_BYTES
    else:
        assert item.ticket is not None
        for fmt in ("avro", "json"):
            assert len(encode_ticket(item.ticket, fmt)) <= MOST_BYTES


async def test_headers_count_beside_what_json_makes_of_a_ticket() -> None:
    text = "\x01" * (MOST_BYTES // 7)  # six times that fits, but not with these headers
    item = work(value=encode_ticket(Ticket("t1", text)), headers=[("h", b"x" * (MOST_BYTES // 5))])
    assert (await letter(item)).error_type == "too_large"


async def test_a_ticket_that_nobody_answers_is_a_dead_letter_with_its_cost() -> None:
    failure = Failure("invalid_request_error", Recovery.TICKET, "the API refuses it", 400)
    result = await letter(work(), Unanswerable(failure, 3, 55))
    assert (result.error_type, result.stage) == ("invalid_request_error", "classify")
    assert (result.attempts, result.cost_picodollars) == (3, 55)
    assert "hello" not in result.message


async def test_a_fault_of_ours_costs_one_ticket_and_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await letter(work(), RuntimeError("hello, the ticket's text"))
    assert (result.error_type, result.stage) == ("internal_error", "classify")
    assert "RuntimeError" in result.message
    assert "hello" not in result.message + caplog.text
    assert "offset=7" in caplog.text or "tickets@7" in caplog.text


REFUSED = Unanswerable(Failure("invalid_request_error", Recovery.TICKET, "refused", 400), 1, 0)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (b"{}", ANSWERED),
        (b'{"id":"t1","text":"hello"}', REFUSED),
        (b'{"id":"t1","text":"hello"}', RuntimeError("a bug of ours")),
    ],
    ids=["decode", "classify", "internal_error"],
)
async def test_a_dead_letter_of_any_stage_opens_the_breaker_and_stays_in_hand(
    value: bytes, outcome: Answered | Exception
) -> None:
    reasons: list[str] = []
    breaker = Breaker(0.5, 3, reasons.append)
    finished = [(await process(work(value=value), outcome, breaker))[0].finished for _ in range(5)]
    assert [len(results) for results in finished] == [1, 1, 0, 0, 0]
    assert len(reasons) == 1


async def test_an_open_breaker_begins_no_ticket() -> None:
    breaker = Breaker(0.5, 1, lambda _: None)
    await process(work(value=b"{}"), ANSWERED, breaker)
    assert breaker.open
    partition, classifier = await process(work(), ANSWERED, breaker)
    assert partition.finished == []
    assert classifier.asked == []
