"""``ticket-streams dead-letters redrive``: try the events of dead letters again."""

import asyncio
import signal
import sys
from collections import Counter
from typing import Any

import click
from aiokafka.errors import KafkaError, ProducerFenced
from rich.progress import MofNCompleteColumn

from streams.access.denial import find_denial
from streams.cli.common import json_option, load, print_json, progress, run, topics_of
from streams.cli.dead_letter_options import filter_options, printable, topic_option
from streams.dead_letters import marks
from streams.dead_letters.plan import Order, Plan, make_plan
from streams.dead_letters.redrive import Redriver
from streams.dead_letters.wanted import Wanted
from streams.settings import Settings, variable


@click.command(name="redrive")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--to", metavar="TOPIC", help="Send all to this topic, not to where they came from.")
@click.option(
    "--most-times",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Refuse an event that was redriven so often before.",
)
@click.option("--again", is_flag=True, help="Those too that were redriven, each time anew.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many, the oldest first.")
@filter_options
@topic_option
@json_option
def command(
    dry_run: bool,
    yes: bool,
    to: str | None,
    most_times: int,
    again: bool,
    limit: int | None,
    wanted: Wanted,
    topic: str | None,
    as_json: bool,
) -> None:
    """Send the events of dead letters to their topic once more: the same bytes, key and headers.

    Mend what was wrong first. Each letter is redriven once, however often this is interrupted
    (Ctrl-C, kill -9) and run again: what is done is marked, in the same transaction, in a topic of
    its own. An event that fails again becomes a new dead letter, which counts its redrives; from
    --most-times on it is refused. Letters stay where they are, until their topic's retention.
    Letters of a replay are left alone unless --to is given: the workers have answered their events.
    Those of other installations in the same topic are always left alone.

    Exit code 0: all that matched are redriven. 1: some are refused or left, or Kafka failed.

    \b
    Examples:
      ticket-streams dead-letters redrive --dry-run
      ticket-streams dead-letters redrive --stage classify --since 2026-11-21T09:00 --limit 10
      ticket-streams dead-letters redrive --partition 3 --offset 1042 --again
      ticket-streams dead-letters redrive --topic orders-dlt --to orders-repair --yes --json
    """
    settings = load()
    topics = topics_of(settings)
    ours = {*(spec.name for spec in topics.specs()), marks.topic_of(settings)}
    if to in ours:
        raise click.BadParameter(f"only ticket-streams itself writes {to}", param_hint="--to")
    order = Order(topic or topics.dead_letter, wanted, to, most_times, limit, again, ours)
    plan = run(make_plan(settings, order))
    planned = len(plan.targets)
    if not as_json:
        _announce(order, plan)
    redriven = 0
    if planned and not dry_run:
        if not yes:
            click.confirm(f"Redrive {planned:,} events?", abort=True, err=True)
        redriven = run(_carry_out(settings, order, plan))
    missing = 0 if dry_run else planned - redriven
    if as_json:
        print_json(_report(order, plan, redriven, dry_run=dry_run))
    elif dry_run:
        click.echo("Nothing was done: --dry-run")
    elif planned:
        click.echo(f"redriven {redriven:,} of {planned:,}")
    if missing and not as_json:
        click.echo(f"{missing:,} are left: run it again to go on", err=True)
    sys.exit(1 if missing or plan.refused else 0)


async def _carry_out(settings: Settings, order: Order, plan: Plan) -> int:
    bar = progress(MofNCompleteColumn())
    task = bar.add_task("", total=len(plan.targets))
    redriver = Redriver(settings, order, plan, lambda letters: bar.advance(task, letters))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # The transaction under way is finished: left open it would keep readers waiting.
        loop.add_signal_handler(number, redriver.stop.set)
    try:
        with bar:
            await redriver.run()
    except ProducerFenced:
        raise _failed(redriver, "another redrive has begun and took over") from None
    except TimeoutError:
        raise _failed(redriver, "Kafka (KAFKA_BOOTSTRAP_SERVERS) did not answer in time") from None
    except KafkaError as error:
        said = f"Kafka (KAFKA_BOOTSTRAP_SERVERS): {error}"
        raise _failed(redriver, await find_denial(settings, "operator") or said) from None
    return redriver.redriven


def _failed(redriver: Redriver, why: str) -> click.ClickException:
    return click.ClickException(f"{why}; {redriver.redriven:,} were redriven, run it again")


def _announce(order: Order, plan: Plan) -> None:
    for target, count in sorted(Counter(plan.targets.values()).items()):
        click.echo(f"{count:,} events from {order.topic} to {target}")
    if not plan.targets:
        click.echo(f"No dead letter of {order.topic} is to be redriven")
    if plan.left:
        click.echo(f"{plan.left:,} more are beyond --limit")
    if plan.already:
        click.echo(f"{plan.already:,} were redriven before: skipped (--again redrives them too)")
    if plan.of_replays:
        click.echo(
            f"{plan.of_replays:,} are of replays: skipped (replay the offsets again, or give --to)"
        )
    if plan.of_others:
        click.echo(
            f"{plan.of_others:,} are of other installations: skipped (redrive them with their "
            f"{variable('app_id')})"
        )
    for reason, count in plan.refused.most_common():
        click.echo(f"{count:,} cannot be redriven: {printable(reason)}")


def _report(order: Order, plan: Plan, redriven: int, *, dry_run: bool) -> dict[str, Any]:
    return {
        "topic": order.topic,
        "dry_run": dry_run,
        "planned": len(plan.targets),
        "to": Counter(plan.targets.values()),
        "redriven": redriven,
        "already_redriven": plan.already,
        "refused": plan.refused,
        "beyond_limit": plan.left,
        "of_replays": plan.of_replays,
        "of_others": plan.of_others,
    }
