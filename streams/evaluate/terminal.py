"""The report in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streams.books.money import dollars
from streams.evaluate import wording
from streams.evaluate.summary import Evaluation, Summary


def show(evaluation: Evaluation, console: Console) -> None:
    """Print the figures; names come from the settings, and are printed as they are."""
    console.print(wording.tickets_used(evaluation), markup=False)
    if evaluation.simulated:
        console.print(wording.SIMULATED, style="yellow", markup=False)
    runs = evaluation.runs
    console.print(_overview(runs))
    if evaluation.comparison is not None:
        names = runs[0].name, runs[1].name
        console.print(wording.verdict(evaluation.comparison, names), markup=False)
    for run in runs:
        if len(runs) > 1:
            console.print(f"\n{run.name}", style="bold", markup=False)
        console.print(_categories(run))
        console.print(_confusion(run))
        console.print(_tiers(run))
        console.print(f"Threshold now {run.settings['escalation_threshold']}. ", end="")
        console.print(wording.threshold_advice(run), markup=False)


def _overview(runs: Sequence[Summary]) -> Table:
    table = Table(show_header=len(runs) > 1)
    table.add_column("")
    for run in runs:
        table.add_column(escape(run.name), justify="right")
    for name, say in wording.OVERVIEW:
        table.add_row(name, *(say(run) for run in runs))
    return table


def _categories(run: Summary) -> Table:
    table = Table(title="Categories", title_justify="left")
    table.add_column("category")
    for name in ("tickets", "precision", "recall", "F1"):
        table.add_column(name, justify="right")
    for score in run.scores:
        shares = (score.precision, score.recall, score.f1)
        table.add_row(score.name, f"{score.expected:,}", *map(wording.share, shares))
    return table


def _confusion(run: Summary) -> Table:
    names = [score.name for score in run.scores]
    others = sorted({went for _, went in run.confusion} - set(names))
    table = Table(title="Who is taken for whom", title_justify="left")
    table.add_column("belongs in, went to")
    for name in (*names, *others):
        table.add_column(name, justify="right")
    for name in names:
        counts = [run.confusion.get((name, went), 0) for went in (*names, *others)]
        shown = [f"{count:,}" if count else "[dim]0[/]" for count in counts]
        table.add_row(name, *shown)
    return table


def _tiers(run: Summary) -> Table:
    table = Table(title="Tiers", title_justify="left")
    for name in ("tier", "asked", "answered", "of these right", "cost", "median", "95%"):
        table.add_column(name, justify="left" if name == "tier" else "right")
    for tier in run.tiers:
        table.add_row(
            tier.name,
            f"{tier.asked:,}",
            f"{tier.answered:,}",
            wording.share(tier.right / tier.answered if tier.answered else None),
            dollars(tier.cost_picodollars),
            wording.seconds(tier.p50_ms),
            wording.seconds(tier.p95_ms),
        )
    return table
