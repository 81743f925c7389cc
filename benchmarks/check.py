"""Has a ticket's way through the pure code become slower? Fails above 15%.

    python -m benchmarks.check            # compare with benchmarks/check.json
    python -m benchmarks.check --accept   # what is measured now becomes the baseline

Each part and a calibration loop are timed in turn, hundreds of times, in CPU time of this thread;
of each the least counts, and parts are told in calibration loops. So a busy machine, or another
one, changes the figures little. The last line of standard output is one JSON object.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from benchmarks.rig import tickets
from streams.books.rows import spend_of_call
from streams.classify.answer import read_message
from streams.classify.duplicates import fingerprint
from streams.classify.prompt import new_ids
from streams.classify.suspicion import suspicious
from streams.claude.prices import Usage, price_list
from streams.claude.sharing import share_out
from streams.claude.tiers import prompt_of
from streams.events.decode import decode_ticket
from streams.events.encode import encode_call, encode_done, encode_routed
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    Source,
    Ticket,
)
from streams.settings import load_settings

BASELINE = Path(__file__).with_name("check.json")
TOLERANCE = 1.15
GROUP = 25
ROUNDS = 150
LOOKS = 4
"""A busy machine may spoil one look, hardly four; code that is slower spoils them all."""

Part = Callable[[], object]


def parts() -> dict[str, Part]:
    """By name, what the pure code does about one call of 25 tickets."""
    values = [json.dumps(fields).encode() for _, fields in tickets(GROUP, 1)]
    read = [Ticket(**json.loads(value)) for value in values]
    settings = load_settings(anthropic_api_key="none")
    prompt = prompt_of(settings, settings.model)
    texts = [prompt.part(ticket) for ticket in read]
    ids = new_ids(GROUP)
    rows = [{"i": int(name), "c": "billing", "p": 0.9} for name in ids]
    content = [{"type": "text", "text": json.dumps({"r": rows})}]
    usage, cost, at = Usage(2_500, 420), 460_000_000, 1_795_000_000_000
    band = price_list().price(settings.model, at).band(2_500)
    sizes = [len(text) for text in texts]
    shares = tuple(Share(n, "billing", 100, 17, 18_400_000) for n in range(GROUP))
    call = CallRecord(
        "c" * 32, at, at, "first", settings.model, settings.model, prompt.version, 1, "ok", 200,
        "req", 2_500, 420, 0, 0, 0, cost, 0, "tickets", 3, shares,
    )  # fmt: skip
    result = Classification(
        "billing", 0.9, "first", settings.model, None, 100, 17, 18_400_000, "c" * 32,
        prompt.version, at,
    )  # fmt: skip
    routed = [RoutedTicket(t, result, Source("tickets", 3, n)) for n, t in enumerate(read)]
    done = [Done(n, released=True) for n in range(GROUP)]
    return {
        "decode": lambda: [decode_ticket(value) for value in values],
        "suspicious": lambda: [suspicious(text) for text in texts],
        "fingerprint": lambda: [fingerprint(ticket) for ticket in read],
        "request": lambda: prompt.request(ids, texts),
        "answer": lambda: read_message(content, "end_turn", prompt.names, ids),
        "share_out": lambda: share_out(usage, cost, band, sizes),
        "spend_of_call": lambda: spend_of_call(call),
        "encode_call": lambda: encode_call(call),
        "encode_routed": lambda: [encode_routed(one, "avro") for one in routed],
        "encode_done": lambda: [encode_done(one) for one in done],
    }


def _calibration() -> int:
    """Python's daily work: dictionaries, strings, integers, a method call; about 0.2 ms."""
    found: dict[str, int] = {}
    for n in range(1_000):
        name = f"key-{n % 97}"
        found[name] = found.get(name, 0) + len(name.split("-")) * n
    return sum(found.values())


def _seconds(part: Part) -> float:
    began = time.thread_time()
    part()
    return time.thread_time() - began


class Least:
    """The least seconds of each part, and of the calibration loop, that were seen so far."""

    def __init__(self) -> None:
        self._parts = parts()
        self._seconds = dict.fromkeys(self._parts, float("inf"))
        self._loop = float("inf")

    def look(self, rounds: int = ROUNDS) -> None:
        """Time everything some more."""
        for _ in range(rounds):
            for name, part in self._parts.items():
                self._loop = min(self._loop, _seconds(_calibration))
                self._seconds[name] = min(self._seconds[name], _seconds(part))

    def in_loops(self) -> dict[str, float]:
        """Each part in calibration loops."""
        return {name: round(seconds / self._loop, 4) for name, seconds in self._seconds.items()}


def verdict(now: Mapping[str, float], before: Mapping[str, float]) -> tuple[float, list[str]]:
    """All parts together in parts of the baseline, and a line about each."""
    lines = [f"{name}: {now[name]:.3f}, before {before.get(name, 0.0):.3f}" for name in now]
    return sum(now.values()) / sum(before.values()), lines


@click.command(epilog="Example:  python -m benchmarks.check")
@click.option("--accept", is_flag=True, help="Write the baseline.")
def main(accept: bool) -> None:
    """Compare the pure hot path with the baseline; exit code 1 above 15%."""
    least = Least()
    if accept:
        for _ in range(LOOKS):
            least.look()
        BASELINE.write_text(json.dumps(least.in_loops(), indent=2) + "\n")
    before = json.loads(BASELINE.read_text())
    for _ in range(LOOKS):
        least.look()
        now = least.in_loops()
        ratio, lines = verdict(now, before)
        if ratio <= TOLERANCE:
            break
    for line in lines:
        click.echo(line, err=True)
    click.echo(json.dumps({"ratio": round(ratio, 3), "limit": TOLERANCE, "parts": now}))
    if ratio > TOLERANCE:
        click.echo(f"{ratio:.2f} of the baseline: profile, or --accept with a reason", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
