"""Labelled tickets through the real path, without Kafka, and what every call said about them."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import aiohttp

from streams.classify.share_cap import MOST_SAVED
from streams.classify.triage import LOW_CONFIDENCE
from streams.claude.client import Claude
from streams.claude.failures import Failure
from streams.claude.gate import Gate
from streams.claude.pace import pace_of
from streams.claude.tiers import classifier, models
from streams.delivery.offline import Offline
from streams.delivery.work import DeadLetter
from streams.evaluate.judged import DEAD_LETTER, Asked, Judged
from streams.evaluate.labels import Labelled
from streams.evaluate.patience import Patience
from streams.events.model import CallRecord, Classification
from streams.local.standin.server import SIMULATION
from streams.settings import Settings

IN_HAND = int(MOST_SAVED)
"""Tickets that are asked about at a time. More would all be counted before the first is escalated,
and the cap on the escalated share forgets what it has saved above this."""

NOBODY = Asked(None, 0.0, 0, 0)

OnProgress = Callable[[int, int], object]
"""Gets how many tickets are judged, and what all calls have cost so far in pico-dollars."""


@dataclass(slots=True)
class Run:
    """The tickets that were judged; not all of them where ``trouble`` says why it ended early."""

    judged: list[Judged] = field(default_factory=list)
    calls: int = 0
    cost_picodollars: int = 0
    unsettled_picodollars: int = 0
    """The most that calls may have cost whose usage the API never told."""
    trouble: str | None = None


async def run(
    tickets: Sequence[Labelled],
    settings: Settings,
    stop: asyncio.Event,
    on_progress: OnProgress = lambda *_: None,
) -> Run:
    """Ask about all ``tickets``, in shared calls and two tiers as ``settings`` have it.

    Ends early when ``stop`` is set, when a call shows what only a person can mend (a wrong key, an
    unpaid bill), or when the API does not answer.
    """
    asker = Asker(tickets, stop, on_progress)
    pace = pace_of(settings, models(settings))
    async with Claude.of(settings) as claude:
        classifiers = {
            tier: classifier(settings, tier, claude, _Impatient(asker.end), pace)
            for tier in models(settings)
        }
        async with Offline(settings, classifiers, pace, asker.heard) as line:
            await asker.ask(line, settings.batch_size)
    return asker.run


def judge(one: Labelled, result: Classification | DeadLetter, said: dict[str, Asked]) -> Judged:
    """The ticket, where it went, and what each tier ``said`` about it."""
    return Judged(
        line=one.line,
        expected=one.expected,
        category=DEAD_LETTER if isinstance(result, DeadLetter) else result.category,
        confidence=0.0 if isinstance(result, DeadLetter) else result.confidence,
        reason=result.error_type if isinstance(result, DeadLetter) else result.reason,
        first=said.get("first"),
        escalation=said.get("escalation"),
    )


async def answers_as_stand_in(settings: Settings) -> bool:
    """Whether the API's address is that of the stand-in, which says so in a header."""
    if settings.anthropic_base_url is None:
        return False
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(settings.anthropic_base_url) as response,
        ):
            return all(response.headers.get(name) == said for name, said in SIMULATION.items())
    except (aiohttp.ClientError, TimeoutError):
        return False


class _Impatient(Gate):
    """A gate that ends the run where a worker's would wait for a person."""

    def __init__(self, end: Callable[[str], None]) -> None:
        super().__init__()
        self._end = end

    def hold(self, failure: Failure) -> None:
        super().hold(failure)
        self._end(str(failure))


class Asker:
    """Hands the tickets over, and collects what the calls say, by ticket and tier."""

    def __init__(
        self, tickets: Sequence[Labelled], stop: asyncio.Event, on_progress: OnProgress
    ) -> None:
        self.run = Run()
        self._tickets = tickets
        self._stop = stop
        self._on_progress = on_progress
        self.said: list[dict[str, Asked]] = []
        self._patience = Patience()

    async def ask(self, line: Offline, batch_size: int) -> None:
        """Ask about the tickets, some calls side by side, until all are judged or it is ended."""
        chunks = (
            self._tickets[start : start + batch_size]
            for start in range(0, len(self._tickets), batch_size)
        )
        side_by_side = range(max(1, IN_HAND // batch_size))
        lanes = asyncio.gather(*(self._lane(line, chunks) for _ in side_by_side))
        ended = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((lanes, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if lanes.done():
            lanes.result()
        else:
            lanes.cancel()
            await asyncio.gather(lanes, return_exceptions=True)
        self.run.judged.sort(key=lambda one: one.line)

    async def _lane(self, line: Offline, chunks: Iterator[Sequence[Labelled]]) -> None:
        for chunk in chunks:
            await asyncio.gather(*(self._one(line, one) for one in chunk))

    async def _one(self, line: Offline, one: Labelled) -> None:
        said: dict[str, Asked] = {}
        self.said.append(said)  # in the order of these calls, as the line counts them
        result = await line.classify(one.ticket)
        self.run.judged.append(judge(one, result, said))
        self._on_progress(len(self.run.judged), self.run.cost_picodollars)

    def end(self, reason: str) -> None:
        """End the run; the first reason counts."""
        self.run.trouble = self.run.trouble or reason
        self._stop.set()

    def heard(self, call: CallRecord) -> None:
        """A call, answered or not; those of a ticket come in their order."""
        self.run.calls += 1
        self.run.cost_picodollars += call.cost_picodollars
        self.run.unsettled_picodollars += call.unsettled_picodollars
        for share in call.shares:
            said = self.said[share.source_offset]
            before = said.get(call.tier, NOBODY)
            usable = share.outcome in ("ok", LOW_CONFIDENCE)
            said[call.tier] = replace(
                before,
                category=share.category if usable else before.category,
                confidence=share.confidence if usable else before.confidence,
                cost_picodollars=before.cost_picodollars + share.cost_picodollars,
                latency_ms=before.latency_ms + call.ended_at - call.started_at,
            )
        if reason := self._patience.lost(call):
            self.end(reason)
