"""Compares what is in Kafka after a round with what the API was paid for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streams.audit.snapshot import read_topic
from streams.audit.verify import verify
from streams.events.wire import decode_call, decode_done
from tests.faults.campaign.tickets import Digests
from tests.stack import Stack


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of tickets and calls; ``broken`` names what else does not hold."""

    tickets: int
    lost: int
    duplicates: int
    called_again: int
    """Tickets asked again when their result was durable: with more than one usable answer in the
    books, or paid for again, in whatever book, well after the done row."""
    paid_twice: int
    """Paid calls that stand in no book: lost with their worker, and made again."""
    broken: tuple[str, ...]


IN_FLIGHT_MS = 5_000
"""A call may be paid for this long after it was begun: the campaign's longest call, and some."""


async def judge(stack: Stack) -> Verdict:
    """To be asked when no call is in flight and no worker runs."""
    report = await stack.report()
    account = stack.api.account()
    audit = await verify(stack.settings, stack.topics, account=account, strict=False)
    broken = [
        f"verify: {check.name}: {', '.join(check.culprits[:3])}"
        for check in audit.checks
        if not check.ok
    ]
    if audit.unfinished:
        broken.append(f"{audit.unfinished} tickets are not finished")
    paid = Counter(line["digest"] for line in stack.ledger())
    answered, recorded = await _books(stack)
    late = await _paid_late(stack)
    return Verdict(
        tickets=report.tickets,
        lost=report.lost,
        duplicates=report.duplicates,
        called_again=sum(1 for calls in answered.values() if calls > 1) + len(late),
        paid_twice=sum((paid - recorded).values()),
        broken=tuple(broken),
    )


async def _paid_late(stack: Stack) -> set[str]:
    """Digests of tickets that the API was paid for when their result was long in Kafka.

    Both times are this machine's: the broker stamps our topics, the stand-in its ledger.
    """
    bootstrap, topics = stack.settings.bootstrap_servers, stack.topics
    durable: dict[tuple[int, int], int] = {}
    async for record in read_topic(bootstrap, topics.done):
        done = decode_done(record.value)
        if not done.ask_again:
            durable.setdefault((record.partition, done.source_offset), record.timestamp)
    digests = Digests(stack.settings)
    until: dict[str, int] = {}
    async for record in read_topic(bootstrap, topics.input):
        digest, at = digests.of(record.value), durable.get((record.partition, record.offset))
        if digest is not None and at is not None:
            until[digest] = max(until.get(digest, 0), at + IN_FLIGHT_MS)
    paid = ((line["digest"], line["at"]) for line in stack.ledger())
    return {digest for digest, at in paid if at > until.get(digest, at)}


async def _books(stack: Stack) -> tuple[Counter[tuple[int, int]], Counter[str]]:
    """Usable answers by source coordinates, and recorded calls that may have been paid by digest
    of the ticket's prompt."""
    bootstrap, topics = stack.settings.bootstrap_servers, stack.topics
    digests = Digests(stack.settings)
    prompts = {
        (record.partition, record.offset): digests.of(record.value)
        async for record in read_topic(bootstrap, topics.input)
    }
    answered: Counter[tuple[int, int]] = Counter()
    recorded: Counter[str] = Counter()
    async for record in read_topic(bootstrap, topics.calls):
        call = decode_call(record.value)
        tickets = [(call.source_partition, share.source_offset) for share in call.shares]
        if call.outcome == "ok":
            answered.update(tickets)
        if call.status in (200, None):
            recorded.update(_known(prompts[ticket] for ticket in tickets))
    return answered, recorded


def _known(digests: Iterable[str | None]) -> Iterator[str]:
    return (digest for digest in digests if digest is not None)
