"""Compares what is in Kafka after a round with what the API was paid for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from streams.audit.snapshot import read_topic
from streams.audit.verify import verify
from streams.events.model import ABANDONED
from streams.events.wire import decode_call, decode_done
from tests.faults.campaign.tickets import digest_of
from tests.faults.test_worker_killed import usable
from tests.stack import Stack


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of tickets; ``broken`` names what else does not hold."""

    tickets: int
    lost: int
    duplicates: int
    called_again: int
    """Tickets asked again when their result was durable: with more than one usable answer of a tier
    in the books, or paid for again, in whatever book, well after the done row."""
    paid_twice: int
    """Tickets in paid calls that stand in no book: lost with their worker, and made again."""
    broken: tuple[str, ...]


IN_FLIGHT_MS = 5_000
"""A call may be paid for this long after it was begun: the campaign's longest call, and some."""

Coordinates = tuple[int, int]
"""Partition and offset in the input topic."""
Digests = Mapping[Coordinates, str]
"""What the API's ledger calls each ticket. Poison has none."""


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
    digests = await _digests(stack)
    paid = Counter(digest for line in stack.ledger() for digest in line["digests"])
    answered, recorded = await _books(stack, digests)
    late = await _paid_late(stack, digests)
    if answered or late:
        culprits = [
            *map(str, sorted(answered)[:3]),
            *(f"late: {each}" for each in sorted(late)[:3]),
        ]
        broken.append(f"called again: {', '.join(culprits)}")
    return Verdict(
        tickets=report.tickets,
        lost=report.lost,
        duplicates=report.duplicates,
        called_again=len(answered) + len(late),
        paid_twice=sum((paid - recorded).values()),
        broken=tuple(broken),
    )


async def _digests(stack: Stack) -> Digests:
    found: dict[Coordinates, str] = {}
    async for record in read_topic(stack.settings.bootstrap_servers, stack.topics.input):
        digest = digest_of(record.value, stack.settings)
        if digest is not None:
            found[record.partition, record.offset] = digest
    return found


async def _paid_late(stack: Stack, digests: Digests) -> set[str]:
    """Digests of tickets that the API was paid for when their result was long in Kafka.

    Both times are this machine's: the broker stamps our topics, the stand-in its ledger. What the
    test's own producer sent twice, as it does when a broker dies, is two tickets of one digest, and
    is not judged here: the done row of one of them may be trimmed.
    """
    once = {digest for digest, times in Counter(digests.values()).items() if times == 1}
    durable: dict[Coordinates, int] = {}
    async for record in read_topic(stack.settings.bootstrap_servers, stack.topics.done):
        done = decode_done(record.value)
        if not done.ask_again:
            durable.setdefault((record.partition, done.source_offset), record.timestamp)
    until: dict[str, int] = {}
    for ticket, at in durable.items():
        if (digest := digests.get(ticket)) in once and digest is not None:
            until[digest] = max(until.get(digest, 0), at + IN_FLIGHT_MS)
    paid = ((digest, line["at"]) for line in stack.ledger() for digest in line["digests"])
    return {digest for digest, at in paid if at > until.get(digest, at)}


async def _books(stack: Stack, digests: Digests) -> tuple[set[Coordinates], Counter[str]]:
    """Tickets with more than one usable answer of a tier, and how often each digest stands in the
    records of calls that may have been paid."""
    answered: Counter[tuple[str, Coordinates]] = Counter()
    recorded: Counter[str] = Counter()
    async for record in read_topic(stack.settings.bootstrap_servers, stack.topics.calls):
        call = decode_call(record.value)
        for share in call.shares:
            ticket = call.source_partition, share.source_offset
            if usable(call, share):
                answered[call.tier, ticket] += 1
            if call.status in (200, None) and call.outcome != ABANDONED and ticket in digests:
                recorded[digests[ticket]] += 1
    return {ticket for (_, ticket), answers in answered.items() if answers > 1}, recorded
