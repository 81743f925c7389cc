"""What ``topics`` prints: the table, what is lacking, and what a plan does."""

from collections.abc import Mapping
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from streams.audit.topic_admin import TopicState, states_of
from streams.cli.common import console, print_json
from streams.doctor.finding import Finding
from streams.doctor.topic_checks import check_topics
from streams.doctor.topic_facts import TopicFacts
from streams.doctor.topic_plan import Plan, moved_share
from streams.events.sources import Sources
from streams.events.topics import DAY_MS, Topics

COLOURS = {"ok": "green", "missing": "yellow", "wrong partition count": "red"}
SHOWN = ("cleanup.policy", "retention.ms", "min.insync.replicas", "max.message.bytes")


class View:
    """The topics as they are, and the plan's share in it."""

    def __init__(
        self,
        topics: Topics,
        facts: Mapping[str, TopicFacts],
        brokers: int,
        sources: Sources | None = None,
    ) -> None:
        self.topics = topics
        self.facts = facts
        self.sources = sources
        counts = {name: found.partitions for name, found in facts.items()}
        self.states = states_of(topics, counts, sources)
        found = check_topics(topics, facts, brokers, sources)
        self.findings = [finding for finding in found if finding.level != "ok"]
        self.waiting = 0
        """Events in the input that are not finished; counted where it is to grow."""
        self.growth: tuple[int, int] | None = None
        """The input's partitions before and after."""


def show(
    view: View, created: list[str], plan: Plan | None, as_json: bool, *, done: bool = False
) -> None:
    """The state, and what it lacks; with ``plan`` what that would do, or what was ``done``."""
    if as_json:
        print_json(
            {
                "topics": [_row(view, s) for s in view.states],
                "created": created,
                "findings": [_finding(f) for f in view.findings],
                **({} if plan is None else {"plan": [*plan.steps()], "done": done}),
            }
        )
        return
    console().print(_table(view, created))
    for step in plan.steps() if plan else ():
        click.echo(f"{'did' if done else 'would'} {step}")
    if plan and not done:
        for line in [*_growth(view), "Nothing was changed; --yes does it."]:
            click.echo(line)
        return
    if plan is not None and not plan:
        click.echo("there is nothing to do")
    for finding in view.findings:
        click.echo(f"{finding.level}: {finding}")


def _growth(view: View) -> list[str]:
    if view.growth is None:
        return []
    before, after = view.growth
    return [
        f"{moved_share(before, after):.0%} of the keys move to another partition. Of such a key, "
        "tickets that wait in the old one and newer ones",
        "in the new one can be routed in another order than they came, once. To keep the order: "
        "stop the producers,",
        f"wait until nothing waits ({view.waiting:,} events now), widen, start the producers.",
        "Workers notice within 15 s, producers within 5 minutes. Kafka takes no partition away.",
    ]


def _row(view: View, state: TopicState) -> dict[str, Any]:
    found = view.facts.get(state.name)
    return {
        "name": state.name,
        "partitions": state.partitions,
        "required": state.required,
        "status": state.status,
        "replication": found.replication if found else None,
        "config": {o: found.config[o] for o in SHOWN if o in found.config} if found else {},
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"level": finding.level, "message": finding.message, "advice": finding.advice}


def _table(view: View, created: list[str]) -> Table:
    table = Table("topic", "partitions", "replicas", "in sync", "cleanup", "kept", "status")
    for state in view.states:
        found = view.facts.get(state.name)
        said = f"{state.status}, needs {state.required}" if state.status[0] == "w" else state.status
        said = "created" if state.name in created else said
        table.add_row(state.name, *_cells(found), f"[{COLOURS[state.status]}]{said}")
    return table


def _cells(found: TopicFacts | None) -> list[str]:
    if found is None:
        return [""] * 5
    config = found.config
    policy = config.get("cleanup.policy", "?")
    kept = int(config.get("retention.ms", -1))
    days = "for ever" if kept < 0 or policy == "compact" else f"{kept / DAY_MS:,.4g} days"
    copies = config.get("min.insync.replicas", "?")
    return [str(found.partitions), str(found.replication), copies, escape(policy), days]
