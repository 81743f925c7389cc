"""``ticket-streams topics``: show, check, create, mend and widen them all."""

from dataclasses import asdict, replace

import click

from streams.access.acls import ROLES, Role, commands, least
from streams.audit.group import read_group
from streams.audit.snapshot import Snapshot, open_snapshot
from streams.audit.topic_admin import DEFAULT_PARTITIONS, create_missing
from streams.cli.common import json_option, load, print_json, run, topics_of
from streams.cli.topics_view import View, show
from streams.doctor.topic_facts import read_topics
from streams.doctor.topic_plan import Plan, carry_out, plan_to_grow, plan_to_mend
from streams.settings import Settings


@click.command(name="topics")
@click.option("--create", is_flag=True, help="Create the topics that are missing.")
@click.option(
    "--partitions",
    type=click.IntRange(min=1),
    help="With --create: for an input topic that does not exist yet; all others get as many as the "
    f"input has.  [default: {DEFAULT_PARTITIONS}]  Without: widen the input to so many.",
)
@click.option(
    "--replication",
    type=click.IntRange(min=1),
    help="With --create: copies of each partition.  [default: 3, or the number of brokers if "
    "fewer]",
)
@click.option("--fix", is_flag=True, help="Mend what differs from what we need.")
@click.option(
    "--yes/--dry-run", default=False, help="Do what --fix or --partitions would; else it is told."
)
@click.option("--accept-disorder", is_flag=True, help="Widen the input although events wait in it.")
@click.option("--acls", "principal", metavar="PRINCIPAL", help="Print what to grant to User:NAME.")
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    help="With --acls: what that user is to do.  [default: worker]",
)
@json_option
def command(
    create: bool,
    partitions: int | None,
    replication: int | None,
    fix: bool,
    yes: bool,
    accept_disorder: bool,
    principal: str | None,
    role: Role | None,
    as_json: bool,
) -> None:
    """Show the topics of this installation and what they lack; create, mend and widen them.

    --acls prints the least that a user must be allowed, for kafka-acls.

    --fix creates what is missing, widens what is narrower than the input, and sets options that
    differ. It leaves alone what belongs to the input's owner, and the number of replicas. It says
    what it would do, and does it with --yes.

    \b
    Examples:
      ticket-streams topics --create --partitions 8
      ticket-streams topics --fix --yes
      ticket-streams topics --partitions 16
      ticket-streams topics --acls User:dashboard --role dashboard
    """
    if principal is not None:
        if create or fix or partitions:
            raise click.UsageError("--acls asks Kafka nothing and goes with --role only")
        _print_acls(load(), principal, role or "worker", as_json)
        return
    if role is not None:
        raise click.UsageError("--role goes with --acls")
    if create and fix:
        raise click.UsageError("--create and --fix exclude each other: --fix creates too")
    if (yes or accept_disorder) and (create or not (fix or partitions)):
        raise click.UsageError("--yes and --accept-disorder go with --fix or --partitions")
    settings = load()
    grow = None if create else partitions
    if not (fix or grow):
        width = partitions or DEFAULT_PARTITIONS
        created, view = run(_shown(settings, create, width, replication))
        show(view, created, None, as_json)
        return
    view, plan = run(_planned(settings, fix, grow))
    if yes and view.waiting and settings.order_by_key and not accept_disorder:
        raise click.ClickException(
            f"{view.waiting:,} events wait in {view.topics.input}, and newer ones of their keys "
            "could overtake them: stop the producers, wait until nothing waits, or say "
            "--accept-disorder"
        )
    if yes and plan:
        view = run(_done(settings, plan))
    show(view, [], plan, as_json, done=yes)


def _print_acls(settings: Settings, principal: str, role: Role, as_json: bool) -> None:
    acls = least(role, settings)
    if as_json:
        print_json({"principal": principal, "role": role, "acls": [asdict(acl) for acl in acls]})
        return
    click.echo(f"# {role}: {ROLES[role]}")
    for line in commands(acls, principal, settings.bootstrap_servers):
        click.echo(line)


async def _view(snapshot: Snapshot, settings: Settings) -> View:
    topics = topics_of(settings)
    inputs, sources = await snapshot.inputs(topics)
    names = [*inputs, *(spec.name for spec in topics.specs())]
    brokers = len((await snapshot.admin.describe_cluster())["brokers"])
    return View(topics, await read_topics(snapshot.admin, names), brokers, sources)


async def _shown(
    settings: Settings, create: bool, partitions: int, replication: int | None
) -> tuple[list[str], View]:
    created = list[str]()
    if create:
        created = await create_missing(
            settings, topics_of(settings), partitions=partitions, replication=replication
        )
    async with open_snapshot(settings.kafka) as snapshot:
        return created, await _view(snapshot, settings)


async def _planned(settings: Settings, fix: bool, grow: int | None) -> tuple[View, Plan]:
    async with open_snapshot(settings.kafka) as snapshot:
        view = await _view(snapshot, settings)
        plan = plan_to_mend(view.topics, view.facts, view.sources) if fix else Plan()
        if grow:
            wider = plan_to_grow(view.topics, view.facts, grow, view.sources)
            plan = replace(plan, width=wider.width, widen=wider.widen)
            view.growth = wider.widen.get(view.topics.input)
        if view.growth:
            group = await read_group(snapshot, settings.app_id, view.topics)
            view.waiting = group.waiting
        return view, plan


async def _done(settings: Settings, plan: Plan) -> View:
    async with open_snapshot(settings.kafka) as snapshot:
        await carry_out(snapshot.admin, topics_of(settings), plan)
        return await _view(snapshot, settings)
