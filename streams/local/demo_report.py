"""What the demo finds when it is over: read from the topics, next to the API's own account."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from aiokafka import ConsumerRecord

from streams.access.connection import Address
from streams.audit.snapshot import open_snapshot
from streams.events.model import UNKNOWN
from streams.events.topics import Topics
from streams.events.wire import decode_call, decode_routed, decode_skipped

Coordinates = tuple[str, int, int]
"""Topic, partition and offset of an event."""


@dataclass(slots=True)
class DemoReport:
    """The fixed fields of the demo's report file. Money in pico-dollars."""

    tickets: int = 0
    routed: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    dead_letters: int = 0
    lost: int = 0
    duplicates: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    api_calls: int = 0
    spend_picodollars: int = 0
    api_spend_picodollars: int = 0
    unsettled_picodollars: int = 0
    seconds: float = 0.0
    cost_by_category: dict[str, int] = field(default_factory=dict)
    tiers: dict[str, int] = field(default_factory=dict)
    """Routed tickets by the tier that answered."""
    skipped: int = 0
    """Events that a mapping's filter says are no tickets."""

    @property
    def good(self) -> bool:
        """Nothing lost or doubled, and the books agree with the API."""
        api = self.api_spend_picodollars
        return (
            not self.lost
            and not self.duplicates
            and self.spend_picodollars <= api <= self.spend_picodollars + self.unsettled_picodollars
            and (bool(self.unsettled_picodollars) or sum(self.calls.values()) == self.api_calls)
        )

    def as_json(self) -> dict[str, Any]:
        """For the report file."""
        return asdict(self)


async def make_report(
    bootstrap: Address, topics: Topics, account: Mapping[str, Any], seconds: float
) -> DemoReport:
    """Read every topic as any read_committed consumer would, and count."""
    arrived: set[Coordinates] = set()
    out: Counter[Coordinates] = Counter()
    routed: Counter[str] = Counter(dict.fromkeys(topics.categories, 0))
    costs: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    tiers: Counter[str] = Counter()
    spend = unsettled = dead = skipped = 0
    names = [topics.dead_letter, topics.calls, *topics.outputs]
    names += [topics.skipped] if topics.skips else []
    async with open_snapshot(bootstrap) as snapshot:
        inputs, _ = await snapshot.inputs(topics)
        async for record in snapshot.read(await snapshot.ends([*inputs, *names])):
            if record.topic in inputs:
                arrived.add((record.topic, record.partition, record.offset))
            elif record.topic == topics.skipped:
                row = decode_skipped(record.value)
                for run in row.runs:
                    for offset in range(run.first_offset, run.last_offset + 1):
                        out[row.source_topic, row.source_partition, offset] += 1
                        skipped += 1
            elif record.topic == topics.dead_letter:
                dead += 1
                out[_dead_letter_source(record)] += 1
            elif record.topic == topics.calls:
                call = decode_call(record.value)
                calls[call.outcome] += 1
                spend += call.cost_picodollars
                unsettled += call.unsettled_picodollars
            else:
                event = decode_routed(record.value)
                routed[event.classification.category] += 1
                tiers[event.classification.tier] += 1
                costs[event.classification.category] += event.classification.cost_picodollars
                source = event.source
                out[source.topic, source.partition, source.offset] += 1
    models = account["by_model"].values()
    return DemoReport(
        tickets=len(arrived),
        routed=dict(routed),
        unknown=routed[UNKNOWN],
        dead_letters=dead,
        lost=len(arrived - out.keys()),
        duplicates=sum(out.values()) - len(out),
        calls=dict(calls),
        api_calls=sum(account["calls"].values()),
        spend_picodollars=spend,
        api_spend_picodollars=sum(model["picodollars"] for model in models),
        unsettled_picodollars=unsettled,
        seconds=round(seconds, 2),
        cost_by_category=dict(costs),
        tiers=dict(tiers),
        skipped=skipped,
    )


def _dead_letter_source(record: ConsumerRecord) -> Coordinates:
    headers = dict(record.headers)
    prefix = "__streams.errors."
    partition, offset = headers[prefix + "partition"], headers[prefix + "offset"]
    return headers[prefix + "topic"].decode(), int(partition), int(offset)
