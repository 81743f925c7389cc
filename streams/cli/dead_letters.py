"""``ticket-streams dead-letters``: what left the line and why, and another try."""

from collections import Counter

import click
from rich.markup import escape
from rich.table import Table

from streams.cli.common import console, json_option, load, print_json, run, topics_of, utc
from streams.cli.dead_letter_options import (
    all_apps_option,
    filter_options,
    printable,
    topic_option,
)
from streams.cli.dead_letter_redrive import command as redrive_command
from streams.cli.dead_letter_show import command as show_command
from streams.dead_letters.reading import newest
from streams.dead_letters.wanted import Wanted

MOST_KINDS = 8
"""Error types that are told below the list."""


class ListByDefault(click.Group):
    """Without a sub-command: list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options before any sub-command are those of list, but for --help."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(name="dead-letters", cls=ListByDefault)
def command() -> None:
    """Look at the events that could not be classified, and try them again.

    Without a sub-command they are listed. What is wrong is often mended on our side: a schema that
    was missing, a prompt, a limit. Then redrive sends the events to their topic once more.

    \b
    Examples:
      ticket-streams dead-letters --limit 20
      ticket-streams dead-letters show 3:1042
      ticket-streams dead-letters redrive --error-type invalid_request_error --since 2h --dry-run
    """


command.add_command(show_command)
command.add_command(redrive_command)


@command.command(name="list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="The newest so many.",
)
@filter_options
@topic_option
@all_apps_option
@json_option
def listing(limit: int, wanted: Wanted, topic: str | None, all_apps: bool, as_json: bool) -> None:
    """List dead letters, newest first: where they are, where they came from, and why; below, how
    many there are of each error type.

    No text of a ticket is shown. Filters must all hold. Where several installations share the topic
    only our own are listed.

    \b
    Examples:
      ticket-streams dead-letters list --limit 5 --json
      ticket-streams dead-letters list --stage classify --since 2h
      ticket-streams dead-letters list --topic orders-dlt
    """
    settings = load()
    topic = topic or topics_of(settings).dead_letter
    app = None if all_apps else settings.app_id
    counts, letters, others = run(newest(settings.kafka, topic, wanted, limit, app))
    if as_json:
        rows = [letter.as_json() for letter in letters]
        found = {"total": counts.total(), "by_error_type": dict(counts.most_common())}
        print_json({"topic": topic, **found, "others": others, "dead_letters": rows})
        return
    whose = ["app"] if all_apps else []
    table = Table("given up", *whose, "dead letter", "event", "stage", "error", "message")
    for letter in letters:
        said = [letter.place, letter.source, letter.stage, letter.error_type, letter.message]
        if all_apps:
            said.insert(0, letter.app)
        table.add_row(utc(letter.given_up_at / 1000), *(escape(printable(text)) for text in said))
    console().print(table)
    click.echo(f"{len(letters)} of {counts.total()}{_kinds(counts)}")
    if others:
        click.echo(f"{others:,} are of other installations: --all-apps lists them too")


def _kinds(counts: Counter[str]) -> str:
    """What they are, of all and not of those that are listed only."""
    said = [f"{n:,} {printable(kind)}" for kind, n in counts.most_common(MOST_KINDS)]
    more = [f"{len(counts) - MOST_KINDS} more types"] if len(counts) > MOST_KINDS else []
    return ": " + ", ".join([*said, *more]) if said else ""
