"""How ``ticket-streams replay`` says what it would do, and what it did."""

from collections.abc import Mapping
from typing import Any

import click

from streams.audit.report import Report
from streams.books.money import dollars
from streams.events.topics import Topics
from streams.replay.making import Forecast
from streams.replay.plan import Plan
from streams.settings import Settings


def announce(forecast: Forecast, settings: Settings, topics: Topics) -> None:
    """What would be done, and what it costs."""
    plan = forecast.plan
    where = ", ".join(
        f"{place} {span.start}-{span.stop - 1}" for place, span in plan.within.items()
    )
    click.echo(f"{forecast.tickets:,} tickets of {where or 'nothing: the range is empty'}")
    if forecast.unwanted:
        click.echo(f"{forecast.unwanted:,} events are left out")
    if forecast.unreadable:
        click.echo(f"{forecast.unreadable:,} events cannot be read: they become dead letters")
    cost = forecast.cost
    click.echo(f"Cost: about {dollars(cost.likely)}, at most about {dollars(cost.most)}")
    outputs = sorted(set(topics.categories.values()))
    click.echo(f"Results to {', '.join(outputs)}; books of app id {settings.app_id}")


def show(plan: Plan, report: Report) -> None:
    """What was done."""
    click.echo(f"{report.tickets - report.skipped:,} tickets classified again, run {plan.run}")
    for check in report.checks:
        if not check.ok:
            click.echo(f"NOT so: {check.promise}: {', '.join(check.culprits)}")
    if report.ok:
        spent = report.check("spend").found
        click.echo(f"Cost {dollars(spent)}; every promise holds for the run")


def as_json(plan: Plan, forecast: Forecast | None, report: Report | None) -> Mapping[str, Any]:
    """Both, as far as they are known, for programs."""
    found: dict[str, Any] = {
        "run": plan.run,
        "topics": list(plan.topics),
        "within": {plan.name(p): [span.start, span.stop] for p, span in plan.within.items()},
        "selected": len(plan.selection) if plan.selected else None,
    }
    if forecast is not None:
        found |= {
            "tickets": forecast.tickets,
            "unwanted": forecast.unwanted,
            "unreadable": forecast.unreadable,
            "likely_picodollars": forecast.cost.likely,
            "most_picodollars": forecast.cost.most,
        }
    if report is not None:
        found["verify"] = report.as_json()
        found["cost_picodollars"] = report.check("spend").found
    return found
