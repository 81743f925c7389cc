"""What a trace shows of a ticket; by hand, without Kafka."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from streams.claude.prices import Usage
from streams.delivery.size import Headers
from streams.delivery.work import DeadLetter, Skipped, Work
from streams.events.model import CallRecord
from streams.observe.spans import Spans
from tests.audit.calls import call as call_about
from tests.delivery.events import classification, work

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FROM_PRODUCER = [("traceparent", f"00-{TRACE}-{PARENT}-01".encode()), ("mine", b"1")]


class Told:
    """Spans, and what came of them."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.spans = Spans(provider, "desk")

    def begin(self, *works: Work) -> None:
        for one in works:
            one.spans = self.spans.begin(one)

    def route(self, one: Work, call: CallRecord, works: Sequence[Work]) -> Headers:
        """The headers of its routed event."""
        self.spans.call(call, works)
        one.result = classification(call_id=call.call_id)
        headers = self.spans.headers(one, "tickets.billing", one.headers)
        self.spans.committed([one])
        return headers

    def named(self, name: str) -> ReadableSpan:
        [span] = [span for span in self._kept.get_finished_spans() if span.name == name]
        return span

    def __len__(self) -> int:
        return len(self._kept.get_finished_spans())


@pytest.fixture
def told() -> Told:
    return Told()


def ids(span: ReadableSpan) -> tuple[str, str]:
    assert span.context
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def test_the_producers_trace_goes_on_to_the_routed_event(told: Told) -> None:
    one = work(headers=FROM_PRODUCER)
    told.begin(one)
    headers = told.route(one, call_about(Usage(100, 20)), [one])
    process, send = told.named("process tickets"), told.named("send tickets.billing")
    assert process.parent
    assert ids(process)[0] == TRACE
    assert f"{process.parent.span_id:016x}" == PARENT
    trace, span = ids(send)
    assert headers == [("mine", b"1"), ("traceparent", f"00-{trace}-{span}-01".encode())]
    for name in ("gather", "chat claude-haiku-5-5", "commit", "send tickets.billing"):
        child = told.named(name)
        assert child.parent == process.context
        assert ids(child)[0] == TRACE


def test_a_call_tells_its_usage_as_the_convention_counts_it(told: Told) -> None:
    one = work()
    told.begin(one)
    call = replace(
        call_about(Usage(100, 20)),
        cache_read_tokens=7,
        cache_write_5m_tokens=5,
        cache_write_1h_tokens=3,
        unsettled_picodollars=0,
    )
    told.route(one, call, [one])
    span = told.named("chat claude-haiku-5-5")
    assert span.attributes
    assert span.attributes["gen_ai.usage.input_tokens"] == 115
    assert span.attributes["gen_ai.usage.output_tokens"] == 20
    assert span.attributes["gen_ai.provider.name"] == "anthropic"
    assert span.attributes["ticket_streams.call_id"] == call.call_id
    assert span.start_time == call.started_at * 1_000_000
    assert span.end_time == call.ended_at * 1_000_000


def test_a_shared_call_and_its_tickets_link_to_each_other(told: Told) -> None:
    works = [work(offset) for offset in range(3)]
    told.begin(*works)
    call = call_about(Usage(300, 60), "billing", "billing", "account")
    told.spans.call(call, works)
    shared = told.named("chat claude-haiku-5-5")
    assert shared.parent is None
    told.spans.committed(works)
    linked = [link.context.span_id for link in shared.links]
    assert linked == [one.spans.process.context.span_id for one in works]
    for one in works:
        assert [link.context for link in one.spans.process.links] == [shared.context]


def test_a_failed_call_and_a_dead_letter_are_errors(told: Told) -> None:
    one = work()
    told.begin(one)
    call = replace(call_about(Usage(0, 0)), status=529, outcome="overloaded_error")
    told.spans.call(call, [one])
    one.result = DeadLetter("too_large", "", "classify", 1, 0, 0)
    told.spans.committed([one])
    for name, error in (
        ("chat claude-haiku-5-5", "overloaded_error"),
        ("process tickets", "too_large"),
    ):
        span = told.named(name)
        assert span.attributes
        assert span.attributes["error.type"] == error
        assert not span.status.is_ok
    assert "gen_ai.response.model" not in (told.named("chat claude-haiku-5-5").attributes or {})


def test_an_event_that_is_skipped_is_no_error_and_says_why(told: Told) -> None:
    one = work()
    told.begin(one)
    one.result = Skipped("filtered")
    told.spans.committed([one])
    span = told.named("process tickets")
    assert (span.attributes or {})["ticket_streams.skipped"] == "filtered"
    assert span.status.status_code is StatusCode.UNSET


def test_what_is_left_to_the_next_owner_is_told_so(told: Told) -> None:
    one = work()
    told.begin(one)
    told.spans.abandoned([one])
    assert (told.named("process tickets").attributes or {})["error.type"] == "abandoned"


@pytest.mark.parametrize("value", [b"", b"00-abc", b"\xff\xfe", None])
def test_a_broken_traceparent_begins_a_trace_of_its_own(told: Told, value: bytes | None) -> None:
    one = work(headers=[("TraceParent", value)])
    told.begin(one)
    headers = told.route(one, call_about(Usage(1, 1)), [one])
    assert told.named("process tickets").parent is None
    assert [name for name, _ in headers] == ["traceparent"]


def test_neither_text_nor_key_is_told(told: Told) -> None:
    one = work(key=b"secret-key", value=b'{"id":"secret-id","text":"secret"}')
    told.begin(one)
    told.route(one, call_about(Usage(1, 1)), [one])
    assert len(told) == 5
    shown = [span.to_json() for span in told._kept.get_finished_spans()]
    assert "secret" not in "".join(shown)
