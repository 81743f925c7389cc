"""Clocks: this machine's, the workers', and those of the brokers and of the API."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from streams.audit.snapshot import Snapshot
from streams.doctor.finding import Finding, Level
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_call

BROKERS_TIME = 1
"""Timestamp type LogAppendTime."""
LAST = 5
"""Records that are looked at in each partition of the calls."""

SLACK_SECONDS = 2.0
WARN_SECONDS = 5.0
WRONG_SECONDS = 300.0
ADVICE = "let it be set by NTP"


class Stamp(NamedTuple):
    """A call, in epoch milliseconds: its end by the worker's clock, its record by a broker's."""

    ended_at: int
    appended_at: int


async def read_stamps(snapshot: Snapshot, topics: Topics) -> list[Stamp]:
    """Of the last calls. Raises KafkaError and MissingTopicError."""
    ends, first = await snapshot.ends([topics.calls]), await snapshot.starts([topics.calls])
    starts = {tp: max(first[tp], end - LAST) for tp, end in ends.items()}
    stamps = []
    async for record in snapshot.read(ends, starts):
        if record.timestamp_type == BROKERS_TIME and record.value is not None:
            try:
                stamps.append(Stamp(decode_call(record.value).ended_at, record.timestamp))
            except UndecodableEvent:
                continue  # verify names such records
    return stamps


def check_stamps(stamps: Iterable[Stamp], now_ms: int) -> Iterator[Finding]:
    """What the brokers' time tells; old records say nothing about a clock. Pure."""
    known = list(stamps)
    if not known:
        what = "the brokers' clock cannot be seen before the first call is booked"
        yield Finding("clock", "note", what)
        return
    here = (max(stamp.appended_at for stamp in known) - now_ms) / 1000
    worker = max(stamp.ended_at - stamp.appended_at for stamp in known) / 1000
    if here > SLACK_SECONDS:
        what = f"this machine's clock is {here:,.0f} s or more behind the brokers'"
        yield Finding("clock", _level(here), what, ADVICE)
    if worker > SLACK_SECONDS:
        what = f"a worker's clock is {worker:,.0f} s or more ahead of the brokers'"
        yield Finding("clock", _level(worker), what, f"its spend is booked too late: {ADVICE}")
    if here <= SLACK_SECONDS and worker <= SLACK_SECONDS:
        yield Finding("clock", "ok", "nothing of the brokers is from the future")


def check_api_date(skew: float) -> Finding:
    """``skew`` is the API's time less ours, in seconds; it tells whole seconds only. Pure."""
    if abs(skew) <= WARN_SECONDS:
        return Finding("clock", "ok", "this machine and the API agree to a few seconds")
    way = "behind" if skew > 0 else "ahead of"
    what = f"this machine's clock is {abs(skew):,.0f} s {way} the API's"
    return Finding("clock", _level(abs(skew)), what, ADVICE)


def _level(seconds: float) -> Level:
    return "wrong" if seconds >= WRONG_SECONDS else "warn"
