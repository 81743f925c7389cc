"""A Messages API that costs next to nothing: constant latency, and a ledger of who was asked about.

    python -m benchmarks.peers.stub --latency 0.1
    python -m benchmarks.peers.stub --latency 0.1 --slow 5 --slow-every 8

It prints its address. It answers what the benchmark's consumers ask, and nothing else: a request
with tickets in our frame gets an answer for each id, any other one category. It checks nothing (the
stand-in of the package does), so that it is never what a benchmark measures.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import cast

import click
import uvloop

NUMBER = re.compile(rb"#(\d{7})#")
"""The number of a ticket of the benchmark, which stands in its text."""
_ID = re.compile(rb"<ticket id=(\d+)>")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CATEGORIES = ("billing", "technical", "product_feedback", "account")

_HEAD = (
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_0123456789\r\n"
    "content-length: {}\r\n\r\n"
)


def category(number: int) -> str:
    """What the ticket of this number is about."""
    return CATEGORIES[number * 7 // 3 % len(CATEGORIES)]


class Ledger:
    """How often each ticket was asked about."""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()
        self.calls = 0

    def report(self) -> bytes:
        """JSON: calls, tickets, and questions beyond the first about a ticket."""
        again = sum(self.asked.values()) - len(self.asked)
        return json.dumps(
            {"calls": self.calls, "tickets": len(self.asked), "again": again}
        ).encode()


Later = Callable[[list[int], Callable[[], None]], object]
"""Has something done when the answer about these tickets is due."""


class Server(asyncio.Protocol):
    """One connection. Requests on it come one after the other, as HTTP/1.1 clients send them."""

    def __init__(self, ledger: Ledger, later: Later) -> None:
        self._ledger = ledger
        self._later = later
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < size:
                return
            body, self._buffer = self._buffer[end + 4 : size], self._buffer[size:]
            self._request(head, body)

    def _request(self, head: bytes, body: bytes) -> None:
        if not head.startswith(b"POST /v1/messages"):
            if head.startswith(b"POST"):
                self._ledger.__init__()  # type: ignore[misc]
            self._send(self._ledger.report())
            return
        numbers = [int(number) for number in NUMBER.findall(body)]
        self._ledger.calls += 1
        self._ledger.asked.update(numbers)
        answer = _message(body, numbers)
        self._later(numbers, lambda: self._send(answer))

    def _send(self, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(_HEAD.format(len(body)).encode() + body)


def _message(body: bytes, numbers: list[int]) -> bytes:
    ids = _ID.findall(body)
    if ids:
        rows = [
            f"{ticket.decode()} {category(number)} 93"
            for ticket, number in zip(ids, numbers, strict=True)
        ]
        said = json.dumps({"r": rows}, separators=(",", ":"))
    else:
        said = json.dumps({"category": category(numbers[0]), "confidence": 0.93})
    message = {
        "id": "msg_0123456789",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": said}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": len(body) // 4,
            "output_tokens": 18 * len(numbers),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }
    return json.dumps(message).encode()


async def serve(latency: float, slow: float, slow_every: int) -> None:
    """Until the end of standard input: the stub does not outlive who started it."""
    loop = asyncio.get_running_loop()
    ledger = Ledger()

    def later(numbers: list[int], send: Callable[[], None]) -> object:
        takes_long = slow_every and any(number % slow_every == 0 for number in numbers)
        return loop.call_later(slow if takes_long else latency, send)

    server = await loop.create_server(lambda: Server(ledger, later), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@click.command()
@click.option("--latency", default=0.1, help="Seconds until each answer.")
@click.option("--slow", default=5.0, help="Seconds, for those that are slow.")
@click.option("--slow-every", default=0, help="One ticket in so many is slow; 0: none.")
def main(latency: float, slow: float, slow_every: int) -> None:
    """Serve on a free port of 127.0.0.1, and print the address."""
    uvloop.run(serve(latency, slow, slow_every))


if __name__ == "__main__":
    main()
