"""``ticket-streams topics``: show and create them all."""

import click
from rich.table import Table

from streams.audit.topic_admin import DEFAULT_PARTITIONS, TopicState, create_missing, describe
from streams.cli.common import console, json_option, load, print_json, run, topics_of
from streams.settings import Settings

COLOURS = {"ok": "green", "missing": "yellow", "wrong partition count": "red"}


@click.command(name="topics")
@click.option("--create", is_flag=True, help="Create the topics that are missing.")
@click.option(
    "--partitions",
    type=click.IntRange(min=1),
    default=DEFAULT_PARTITIONS,
    show_default=True,
    help="For an input topic that is created now. All others get as many as the input has.",
)
@click.option(
    "--replication",
    type=click.IntRange(min=1),
    help="Copies of each partition.  [default: 3, or the number of brokers if fewer]",
)
@json_option
def command(create: bool, partitions: int, replication: int | None, as_json: bool) -> None:
    """Show the topics of this installation, and create those that are missing.

    \b
    Example:
      ticket-streams topics --create --partitions 8
    """
    created, states = run(_topics(load(), create, partitions, replication))
    if as_json:
        rows = [
            {"name": s.name, "partitions": s.partitions, "required": s.required, "status": s.status}
            for s in states
        ]
        print_json({"topics": rows, "created": created})
        return
    table = Table("topic", "partitions", "status")
    for state in states:
        count = "" if state.partitions is None else str(state.partitions)
        said = f"{state.status}, needs {state.required}" if state.status[0] == "w" else state.status
        said = "created" if state.name in created else said
        table.add_row(state.name, count, f"[{COLOURS[state.status]}]{said}")
    console().print(table)
    if any(state.status == "missing" for state in states):
        click.echo("Create what is missing: ticket-streams topics --create")


async def _topics(
    settings: Settings, create: bool, partitions: int, replication: int | None
) -> tuple[list[str], list[TopicState]]:
    topics, created = topics_of(settings), list[str]()
    if create:
        created = await create_missing(
            settings, topics, partitions=partitions, replication=replication
        )
    return created, await describe(settings, topics)
