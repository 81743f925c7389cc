"""``ticket-streams replay``: tickets of the past, classified again in a run of their own."""

import asyncio
import re
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.progress import MofNCompleteColumn

from streams.audit.report import Report
from streams.audit.verify import collect
from streams.claude.prices import prices_of
from streams.cli.common import json_option, load, print_json, progress, run
from streams.cli.reading_bar import reading_bar
from streams.cli.replay_places import PlaceType, of_topics
from streams.cli.replay_view import announce, show
from streams.cli.replay_view import as_json as replay_json
from streams.events.model import UNKNOWN
from streams.events.topics import Topics
from streams.observe.logs import configure
from streams.preflight import PreflightError, check_api
from streams.replay.making import Forecast, Order, When, make_plan, topic_id
from streams.replay.plan import Plan, installation
from streams.replay.store import load_plan, save
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.replay.runner import Replay

INTERRUPTED = 130


@click.command(name="replay")
@click.option(
    "--from",
    "begin",
    type=PlaceType(),
    help="From here on: 2h (ago), a time (ISO, UTC), earliest, or offsets like 0:1200,1:900, of "
    "several topics like mail:0:1200: then only these partitions.",
)
@click.option("--until", type=PlaceType(), help="Up to here; by default all that is there now.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="NAME",
    help="Only tickets that are in this category now; may be given several times.",
)
@click.option("--only-unknown", is_flag=True, help="The same as --category unknown.")
@click.option(
    "--topic-prefix",
    metavar="P",
    help="Send results to P.billing, P.dead-letter and so on; by default to the worker's topics.",
)
@click.option(
    "--topic",
    "inputs",
    multiple=True,
    metavar="NAME",
    help="Only this input topic; may be given several times.  [default: all]",
)
@click.option("--run", "name", metavar="NAME", help="Name of the run.  [default: date and time]")
@click.option("--resume", metavar="NAME", help="Go on with this run, as it was planned.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(
    begin: When | None,
    until: When | None,
    categories: tuple[str, ...],
    only_unknown: bool,
    topic_prefix: str | None,
    inputs: tuple[str, ...],
    name: str | None,
    resume: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Classify tickets of the past again: with another prompt, model or set of categories.

    Says first how many they are and what it will cost. The run has books of its own: its app id is
    <app id>-replay-<NAME>, and its records have the header ticket-streams.run. The workers, their
    books and their place in the input topic are not touched.

    Safe to interrupt (Ctrl-C, kill -9): --resume goes on, and no ticket is sent or paid for twice.
    Set other TICKET_STREAMS_ variables for the run as you like; keep them when you resume it.

    Exit code 0: done, and every promise holds. 1: not. 130: interrupted.

    \b
    Examples:
      ticket-streams replay --from 2026-11-20T00:00 --only-unknown --dry-run
      ticket-streams replay --from earliest --topic-prefix trial --run trial
      ticket-streams replay --from mail:0:1200,mail:1:900 --until 1h
      ticket-streams replay --resume trial
    """
    settings = load()
    _check_api(settings)
    chosen = tuple(dict.fromkeys([*categories, *([UNKNOWN] if only_unknown else [])]))
    forecast: Forecast | None = None
    if resume is None:
        order = _order(settings, begin, until, chosen, topic_prefix, inputs, name)
        forecast = run(_forecast(settings, order, quiet=as_json))
        plan = forecast.plan
    else:
        if begin is not None or until is not None or chosen or topic_prefix or inputs or name:
            raise click.UsageError("--resume takes the run as it was planned")
        plan = run(_planned(settings, resume))
    own, topics = _installation(settings, plan)
    if forecast is not None and not as_json:
        announce(forecast, own, topics)
    if dry_run or (forecast is not None and not forecast.tickets):
        if as_json:
            print_json(replay_json(plan, forecast, None))
        elif dry_run:
            click.echo("Nothing was done: --dry-run")
        return
    if not yes and forecast is not None:
        click.confirm(f"Classify {forecast.tickets:,} tickets again?", abort=True, err=True)
    configure("ERROR")
    if forecast is not None:
        run(save(settings, plan))
    replay = _carry_out(own, topics, plan)
    if not replay.finished:
        click.echo(f"interrupted: ticket-streams replay --resume {plan.run}", err=True)
        sys.exit(INTERRUPTED)
    report = run(_verified(own, topics, plan))
    if as_json:
        print_json(replay_json(plan, forecast, report))
    else:
        show(plan, report)
    sys.exit(0 if report.ok else 1)


def _check_api(settings: Settings) -> None:
    try:
        check_api(settings, prices_of(settings))
    except PreflightError as error:
        raise click.ClickException(str(error)) from None


def _order(
    settings: Settings,
    begin: When | None,
    until: When | None,
    categories: tuple[str, ...],
    topic_prefix: str | None,
    inputs: tuple[str, ...],
    name: str | None,
) -> Order:
    if begin is None:
        raise click.UsageError("--from is needed, or --resume")
    topics = Topics.of(settings)
    for category in categories:
        if category not in topics.categories:
            choice = f"one of {', '.join(topics.categories)}"
            raise click.BadParameter(choice, param_hint="--category")
    for topic in inputs:
        if not topics.is_input(topic):
            raise click.BadParameter(f"{topic} is no input topic of ours", param_hint="--topic")
    begin = of_topics(begin, "--from", topics, inputs)
    until = None if until is None else of_topics(until, "--until", topics, inputs)
    run_name = name or f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    for given, option in ((run_name, "--run"), (topic_prefix or "a", "--topic-prefix")):
        if not re.fullmatch(r"[a-zA-Z0-9._-]{1,100}", given, re.ASCII):
            raise click.BadParameter("letters, digits, . _ and - only", param_hint=option)
    return Order(run_name, begin, until, categories, topic_prefix, inputs)


async def _forecast(settings: Settings, order: Order, *, quiet: bool) -> Forecast:
    if await load_plan(settings, order.run) is not None:
        raise click.ClickException(f"there is a run {order.run}: --resume it, or take another name")
    with reading_bar(quiet=quiet) as tell:
        return await make_plan(settings, order, tell)


async def _planned(settings: Settings, name: str) -> Plan:
    plan = await load_plan(settings, name)
    if plan is None:
        raise click.BadParameter(f"there is no run {name}", param_hint="--resume")
    for topic, planned in plan.topics.items():
        if planned and await topic_id(settings, topic) != planned:
            raise click.ClickException(f"topic {topic} was made anew since run {name} was planned")
    return plan


def _installation(settings: Settings, plan: Plan) -> tuple[Settings, Topics]:
    try:
        return installation(settings, plan)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _carry_out(settings: Settings, topics: Topics, plan: Plan) -> "Replay":
    from streams.replay.runner import Replay

    bar = progress(MofNCompleteColumn())
    task = bar.add_task("", total=plan.events)
    replay = Replay(settings, topics, plan, lambda done, _: bar.update(task, completed=done))

    async def work() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, replay.stop.set)
        await replay.run()

    again = f"go on with: ticket-streams replay --resume {plan.run}"
    try:
        with bar:
            run(work())
    except PreflightError as error:  # the schema registry
        raise click.ClickException(f"{error}; {again}") from None
    except click.ClickException as error:  # Kafka, as run() words it
        raise click.ClickException(f"{error.message}; {again}") from None
    except (TimeoutError, OSError) as error:
        raise click.ClickException(f"Kafka (KAFKA_BOOTSTRAP_SERVERS): {error}; {again}") from None
    return replay


async def _verified(settings: Settings, topics: Topics, plan: Plan) -> Report:
    return (await collect(settings, topics, within=plan.within)).report()
