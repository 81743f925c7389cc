"""Sample tickets: written by hand for a made-up company, and drawn as events for the demo.

``samples.jsonl`` has one sample a line: ``expect``, ``kind``, and either ``value`` (fields of a
ticket; ``repeat`` says how many times its text is repeated) or, for an event that is no ticket,
``raw`` or ``raw_base64`` (its bytes).
"""

import base64
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

DEAD_LETTER = "dead_letter"
VERY_LONG = "very_long"

# Shares of the draws once every sample has been drawn.
BROKEN_SHARE = 0.01
VERY_LONG_SHARE = 0.002
NO_KEY_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """One ticket without the fields that make it an event of its own, or the bytes of no ticket."""

    expect: str
    """Where it belongs: a category, ``unknown``, ``dead_letter``, or ``any`` for a moot one."""
    kind: str
    """What is special about it; ``plain`` for nothing."""
    fields: Mapping[str, Any]
    """Fields of the ticket: text, subject, channel; none for a broken one."""
    raw: bytes | None = None
    """The whole event, if it is a broken one."""

    def value(self, ticket_id: str, customer_id: str | None, created_at: int) -> bytes:
        """The event's value: a ticket as JSON in UTF-8, or a broken sample's bytes as they are.

        ``created_at`` is in UTC epoch milliseconds; without a customer there is no such field.
        """
        if self.raw is not None:
            return self.raw
        customer = {} if customer_id is None else {"customer_id": customer_id}
        ticket = {"id": ticket_id, **customer, **self.fields, "created_at": created_at}
        # A lone surrogate has no UTF-8; as backslash-u, which this writes, it is right in JSON.
        return json.dumps(ticket, ensure_ascii=False).encode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Event:
    """What a producer sends, and where it is expected to end."""

    key: bytes | None
    value: bytes
    expect: str
    headers: Sequence[tuple[str, bytes]] = ()


@cache
def load() -> tuple[Sample, ...]:
    """All samples, in the order of the file that ships with the package."""
    text = files("streams.local").joinpath("samples.jsonl").read_text("utf-8")
    return tuple(_sample(json.loads(line)) for line in text.split("\n") if line)


def _sample(row: Mapping[str, Any]) -> Sample:
    expect, kind = row["expect"], row["kind"]
    if "raw" in row:
        return Sample(expect, kind, {}, row["raw"].encode())
    if "raw_base64" in row:
        return Sample(expect, kind, {}, base64.b64decode(row["raw_base64"], validate=True))
    fields = row["value"]
    return Sample(expect, kind, {**fields, "text": fields["text"] * row.get("repeat", 1)})


def draw(
    n: int,
    seed: int,
    customers: int = 200,
    now_ms: int | None = None,
    *,
    distinct: bool = False,
) -> Iterator[Event]:
    """``n`` events: every sample once in random order, then any of them again and again.

    Ticket ids are ``demo-<seed>-<number>`` from 1, so texts repeat and tickets do not. The key is
    the id of one of ``customers`` (at least 1) customers, the first far busier than the last; about
    2% of the events have none. The same arguments give the same events, except ``created_at`` where
    ``now_ms`` (UTC epoch milliseconds) is not given: then it is the time of the draw. If they
    are to be ``distinct``, each text ends in its ticket's id: no answer fits two of them.
    """
    rng = random.Random(seed)
    # Zipf's law: the k-th customer writes 1/k as often as the first.
    popularity = list(accumulate(1 / rank for rank in range(1, customers + 1)))
    names = [f"customer-{rank}" for rank in range(1, customers + 1)]
    for number, sample in zip(range(1, n + 1), _endless(rng), strict=False):
        customer = rng.choices(names, cum_weights=popularity)[0]
        known = customer if rng.random() >= NO_KEY_SHARE else None
        created_at = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        ticket_id = f"demo-{seed}-{number}"
        one = sample
        if distinct and (text := sample.fields.get("text", "").strip()):
            one = replace(sample, fields={**sample.fields, "text": f"{text}\n({ticket_id})"})
        yield Event(
            key=None if known is None else known.encode(),
            value=one.value(ticket_id, known, created_at),
            expect=sample.expect,
        )


def _endless(rng: random.Random) -> Iterator[Sample]:
    """Every sample once, shuffled; then random ones, the odd kinds by their shares."""
    samples = load()
    yield from rng.sample(samples, len(samples))
    broken = [sample for sample in samples if sample.raw is not None]
    long = [sample for sample in samples if sample.kind == VERY_LONG]
    others = [sample for sample in samples if sample.raw is None and sample.kind != VERY_LONG]
    shares = (BROKEN_SHARE, VERY_LONG_SHARE, 1 - BROKEN_SHARE - VERY_LONG_SHARE)
    while True:
        yield rng.choice(rng.choices((broken, long, others), shares)[0])
