"""The workers' consumer group. Pure."""

from collections.abc import Iterator

from streams.audit.group import Group
from streams.doctor.finding import Finding, Level
from streams.settings import Settings

MOVING = ("PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling")


def check_group(settings: Settings, group: Group) -> list[Finding]:
    """Who works, and what waits."""
    return list(_found(settings, group))


def _found(settings: Settings, group: Group) -> Iterator[Finding]:
    name, waiting = settings.app_id, group.waiting
    behind = f"{waiting:,} events wait"
    if not group.members:
        level: Level = "warn" if waiting else "ok"
        tip = "start ticket-streams worker" if waiting else ""
        yield Finding("group", level, f"{name} has no worker, {behind}", tip)
    elif group.state in MOVING:
        tip = "look again in a minute: one that never ends names a worker that comes and goes"
        yield Finding("group", "warn", f"{name} rebalances ({group.state}), {behind}", tip)
    else:
        owned = {number for member in group.members for number in member.partitions}
        spare = sum(not member.partitions for member in group.members)
        workers = f"{len(group.members)} worker{'s' if len(group.members) > 1 else ''}"
        said = f"{name} is {group.state}: {workers} ({spare} spare), {behind}"
        yield Finding("group", "ok", said)
        if free := sorted(group.ends.keys() - owned):
            what = f"nobody has the partitions {', '.join(map(str, free))}"
            tip = f"is another application in the group {name}? TICKET_STREAMS_APP_ID"
            yield Finding("group", "wrong", what, tip)
    for number, events in sorted(group.expired.items()):
        what = f"partition {number}: {events:,} events were removed by Kafka before they were done"
        tip = f"lengthen retention.ms of {settings.input_topic}"
        yield Finding("group", "wrong", what, tip)
