"""A ticket's way as OpenTelemetry's spans, by its conventions for messaging and for GenAI.

::

    process tickets          consumer; goes on from the producer's traceparent
    ├── gather               until its call begins
    ├── chat claude-haiku-5-5   client; alone, or linked where tickets share the call
    ├── commit               from its result to the end of its transaction
    └── send tickets.billing    producer; the routed event's traceparent names it

Neither text nor key of a ticket is told. Both conventions are in development:
messaging-spans.md of open-telemetry/semantic-conventions, gen-ai-spans.md of
open-telemetry/semantic-conventions-genai.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streams.delivery.size import Headers
from streams.delivery.work import DeadLetter, Result, Work
from streams.events.model import CallRecord, Classification

PROPAGATOR = TraceContextTextMapPropagator()
CARRIED = ("traceparent", "tracestate")
MILLISECOND = 1_000_000
"""In nanoseconds, which spans are timed in."""
FLUSH_MS = 2_000


@dataclass(slots=True)
class Ticket:
    """The spans of one ticket that are not ended."""

    process: Span
    within: Context
    since: int
    """When what it does now began; epoch nanoseconds."""
    send: Span | None = None


class Spans:
    """Tells ``provider``."""

    def __init__(self, provider: TracerProvider, group: str) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("ticket-streams")
        self._group = group

    def begin(self, work: Work) -> Ticket:
        """Its span, which goes on from the producer's where the event has a traceparent."""
        source = work.source
        carrier = {
            name.lower(): value.decode("latin-1")
            for name, value in work.headers
            if name.lower() in CARRIED and value is not None
        }
        span = self._tracer.start_span(
            f"process {source.topic}",
            context=PROPAGATOR.extract(carrier, Context()),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": source.topic,
                "messaging.destination.partition.id": str(source.partition),
                "messaging.kafka.offset": source.offset,
                "messaging.consumer.group.name": self._group,
            },
        )
        return Ticket(span, set_span_in_context(span, Context()), time.time_ns())

    def call(self, call: CallRecord, works: Iterable[Work]) -> None:
        """The call's span: a ticket's own child, or linked with all that share it."""
        tickets = [work.spans for work in works if isinstance(work.spans, Ticket)]
        alone = tickets[0] if len(call.shares) == 1 and tickets else None
        began, ended = call.started_at * MILLISECOND, call.ended_at * MILLISECOND
        span = self._tracer.start_span(
            f"chat {call.requested_model}",
            context=alone.within if alone else Context(),
            kind=SpanKind.CLIENT,
            links=() if alone else [Link(t.process.get_span_context()) for t in tickets],
            start_time=began,
            attributes=_genai(call),
        )
        if call.status != 200:
            span.set_attribute("error.type", call.outcome)
            span.set_status(Status(StatusCode.ERROR))
        span.end(end_time=ended)
        for ticket in tickets:
            self._child("gather", ticket, began)
            ticket.since = ended
            if not alone:
                ticket.process.add_link(span.get_span_context())

    def headers(self, work: Work, topic: str, headers: Headers) -> Headers:
        """With the traceparent of the event that is sent, in the place of the producer's."""
        ticket = work.spans
        if not isinstance(ticket, Ticket):
            return headers
        ticket.send = self._tracer.start_span(
            f"send {topic}",
            context=ticket.within,
            kind=SpanKind.PRODUCER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": topic,
            },
        )
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier, set_span_in_context(ticket.send, Context()))
        kept = [header for header in headers if header[0].lower() not in CARRIED]
        return [*kept, *((name, value.encode()) for name, value in carrier.items())]

    def committed(self, works: Iterable[Work]) -> None:
        """The end of their spans."""
        now = time.time_ns()
        for work in works:
            if isinstance(ticket := work.spans, Ticket):
                self._child("commit", ticket, now)
                if ticket.send is not None:
                    ticket.send.end(now)
                _tell_result(ticket.process, work.result)
                ticket.process.end(now)

    def abandoned(self, works: Iterable[Work]) -> None:
        """The end of their spans, without a result: the next owner begins them again."""
        for work in works:
            if isinstance(ticket := work.spans, Ticket):
                _fail(ticket.process, "abandoned")
                ticket.process.end()

    def close(self) -> None:
        """Send what is left, for two seconds at most."""
        self._provider.force_flush(FLUSH_MS)

    def _child(self, name: str, ticket: Ticket, until: int) -> None:
        start = min(ticket.since, until)
        self._tracer.start_span(name, context=ticket.within, start_time=start).end(until)


def _genai(call: CallRecord) -> dict[str, str | int]:
    cached = call.cache_write_5m_tokens + call.cache_write_1h_tokens
    told: dict[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": call.requested_model,
        "ticket_streams.call_id": call.call_id,
        "ticket_streams.tickets": len(call.shares),
        "ticket_streams.outcome": call.outcome,
        "ticket_streams.cost_picodollars": call.cost_picodollars,
    }
    if call.status is not None:
        told["http.response.status_code"] = call.status
    if call.usage_seen:
        told |= {
            "gen_ai.response.model": call.model,
            # The convention counts cached tokens in; Anthropic's input_tokens does not.
            "gen_ai.usage.input_tokens": call.input_tokens + cached + call.cache_read_tokens,
            "gen_ai.usage.output_tokens": call.output_tokens,
            "gen_ai.usage.cache_creation.input_tokens": cached,
            "gen_ai.usage.cache_read.input_tokens": call.cache_read_tokens,
        }
    return told


def _tell_result(span: Span, result: Result | None) -> None:
    if isinstance(result, Classification):
        span.set_attribute("ticket_streams.category", result.category)
        span.set_attribute("ticket_streams.tier", result.tier)
    elif isinstance(result, DeadLetter):
        _fail(span, result.error_type)
    elif result is not None:
        span.set_attribute("ticket_streams.skipped", result.reason)


def _fail(span: Span, error_type: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR))


def exported(group: str, environ: Mapping[str, str]) -> Spans:
    """Sent by OTLP over HTTP, or printed; all else is as OpenTelemetry's own variables say."""
    named = {} if environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "ticket-streams"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(_exporter(environ)))
    return Spans(provider, group)


def _exporter(environ: Mapping[str, str]) -> SpanExporter:
    if environ.get("OTEL_TRACES_EXPORTER") == "console":
        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()
