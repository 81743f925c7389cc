"""The spans of a real worker, as a collector gets them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from streams.audit.snapshot import read_topic
from streams.events.headers import ROUTED_SOURCE
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """Its address, and the spans it got."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            import gzip

            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", spans
        finally:
            server.shutdown()
            thread.join()


def test_a_trace_goes_from_the_producer_through_the_worker_to_the_reader(
    kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (url, spans), running_stack(kafka, namespace, tmp_path, {}) as stack:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        asyncio.run(stack.create_topics(1))
        asyncio.run(send(stack))
        worker = stack.worker()
        asyncio.run(stack.until_finished(2))
        assert worker.stop() == 0  # what is left is sent on a stop
        carried = asyncio.run(traceparents(stack))

    by_id = {span.span_id.hex(): span for span in spans}
    assert len(spans) == 10
    for offset, (trace, parent) in enumerate(carried):
        send_span = by_id[parent]
        process = by_id[send_span.parent_span_id.hex()]
        assert send_span.name.startswith(f"send {stack.topics.input}.")
        assert process.name == f"process {stack.topics.input}"
        assert process.trace_id.hex() == trace
        assert (trace == TRACE) is (offset == 0)
        children = {s.name for s in spans if s.parent_span_id == process.span_id}
        assert children == {send_span.name, "gather", "commit", "chat claude-haiku-5-5"}


async def send(stack: Stack) -> None:
    """One with a trace, one without."""
    parent = ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())
    async with AIOKafkaProducer(bootstrap_servers=stack.settings.bootstrap_servers) as producer:
        for n, headers in enumerate(([parent], [])):
            value = b'{"id": "t-%d", "text": "refund of invoice %d"}' % (n, n)
            await producer.send_and_wait(stack.topics.input, value, headers=headers)


async def traceparents(stack: Stack) -> list[tuple[str, str]]:
    """Trace and span that each routed event names, by source offset."""
    found = {}
    async for record in read_topic(stack.settings.kafka, *stack.topics.categories.values()):
        headers = dict(record.headers)
        _, trace, span, _ = headers["traceparent"].decode().split("-")
        found[int(headers[ROUTED_SOURCE + "offset"])] = trace, span
    return [found[offset] for offset in sorted(found)]
