"""``ticket-streams eval``: labelled tickets through the real path, and how well it did."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from streams.claude.prices import prices_of
from streams.cli.common import console, json_option, load, print_json
from streams.cli.common import run as run_async
from streams.cli.eval_run import agree, ask
from streams.evaluate import against as against_option
from streams.evaluate import summary
from streams.evaluate.compare import compare
from streams.evaluate.labels import (
    LABEL_FIELDS,
    LabelError,
    Labelled,
    LabelledFile,
    read_labelled,
    sample,
)
from streams.evaluate.page import page
from streams.evaluate.plans import Plan, all_names, shown
from streams.evaluate.terminal import show
from streams.events.times import now_ms
from streams.preflight import PreflightError, check_api

CURRENT = "current"
INTERRUPTED = 130
"""What shells give for a command that Ctrl-C ended."""


@click.command(name="eval")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--label-field",
    metavar="FIELD",
    help="Field with the right category. Default: category, label, category_or_null or expect, "
    "the first that a line has.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, drawn at random.")
@click.option("--seed", default=1, show_default=True, help="Another draw for another number.")
@click.option(
    "--against",
    multiple=True,
    metavar="FILE.toml|KEY=VALUE",
    help="Judge them a second time with these settings changed, and compare. "
    "KEY=VALUE may be given several times.",
)
@click.option(
    "--curve",
    type=click.Choice(["seen", "full"]),
    default="seen",
    show_default=True,
    help="full asks the escalation model about all tickets, which costs more: then the best "
    "threshold is known, not guessed.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report.")
@click.option("--show-texts", is_flag=True, help="With the tickets' texts in it.")
@click.option("--min-accuracy", type=click.FloatRange(0, 1), help="Exit with 1 if it is lower.")
@click.option("--yes", is_flag=True, help="Do not ask about the cost.")
@json_option
def command(
    file: BinaryIO,
    label_field: str | None,
    limit: int | None,
    seed: int,
    against: tuple[str, ...],
    curve: str,
    html: Path | None,
    show_texts: bool,
    min_accuracy: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Classify the labelled tickets in FILE as a worker would, and show how well that went.

    FILE has a JSON object a line, with text, perhaps subject, and the right category; lines
    without one are left out. Calls are paid for: what they will cost is said first. Ctrl-C ends it
    early, with the figures up to then. Identical tickets are asked about each time.

    Exit code 0; 1 with --min-accuracy where it is missed; 130 after Ctrl-C.

    \b
    Examples:
      ticket-streams eval labelled.jsonl --limit 500 --html report.html
      ticket-streams eval labelled.jsonl --curve full
      ticket-streams eval labelled.jsonl --against model=claude-sonnet-5-5 --against batch_size=1
      ticket-streams eval labelled.jsonl --yes --json --min-accuracy 0.9
    """
    plans = _plans(against, full=curve == "full")
    given = _read(file, all_names(plans), label_field)
    tickets = sample(given.tickets, limit, seed)
    if html is not None and not html.parent.is_dir():
        raise click.ClickException(f"--html: there is no folder {html.parent}")
    agree(tickets, plans, yes=yes)
    asked = run_async(ask(tickets, plans))
    done = [(plan, one.judged) for plan, one in zip(plans, asked.runs, strict=False) if one.judged]
    if not done:
        raise click.ClickException(asked.trouble or "interrupted before a ticket was judged")
    runs = [
        summary.summarise(plan.name, shown(plan, plans), judged, all_names(plans), full=plan.full)
        for plan, judged in done
    ]
    evaluation = summary.Evaluation(
        file=Path(file.name).name,
        at=now_ms(),
        labelled=len(given.tickets),
        unlabelled=given.unlabelled,
        chosen=len(tickets),
        interrupted=asked.interrupted or asked.trouble is not None,
        simulated=asked.simulated,
        runs=runs,
        comparison=compare(runs[0].judged, runs[1].judged) if len(runs) > 1 else None,
        texts={one.line: _text(one) for one in tickets} if show_texts else None,
    )
    if html is not None:
        _write(html, page(evaluation))
    if as_json:
        print_json(summary.as_json(evaluation))
    else:
        show(evaluation, console())
    if asked.trouble:
        raise click.ClickException(asked.trouble)
    missed = min_accuracy is not None and runs[0].accuracy < min_accuracy
    sys.exit(INTERRUPTED if asked.interrupted else int(missed))


def _plans(against: Sequence[str], *, full: bool) -> list[Plan]:
    """One or two. Raises ClickException if one of them cannot call."""
    plans = [Plan(CURRENT, load(), full)]
    try:
        if against:
            changed = load(**against_option.changes(against))
            plans.append(Plan(against_option.name(against), changed, full))
        for plan in plans:
            check_api(plan.settings, prices_of(plan.settings))
    except (against_option.AgainstError, PreflightError) as error:
        raise click.ClickException(str(error)) from None
    return plans


def _read(file: BinaryIO, allowed: Sequence[str], label_field: str | None) -> LabelledFile:
    try:
        given = read_labelled(file, allowed, label_field)
    except LabelError as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    if not given.tickets:
        where = label_field or ", ".join(LABEL_FIELDS)
        raise click.ClickException(f"{file.name}: no line has a label ({where}): see --label-field")
    return given


def _text(one: Labelled) -> str:
    subject = one.ticket.subject
    return f"{subject}\n\n{one.ticket.text}" if subject else one.ticket.text


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise click.ClickException(f"--html {path}: {error.strerror or error}") from None
