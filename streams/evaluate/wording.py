"""How figures are said, on the page and in the terminal."""

from collections.abc import Callable

from streams.books.money import dollars
from streams.claude.tiers import NO_MODEL
from streams.evaluate.compare import Comparison
from streams.evaluate.summary import Evaluation, Summary

NONE = "\N{EN DASH}"


def share(value: float | None) -> str:
    """``84.6%``; a dash for what has no value."""
    return NONE if value is None else f"{value:.1%}"


def seconds(milliseconds: int) -> str:
    """``1.24 s``."""
    return f"{milliseconds / 1000:.2f} s"


def interval(summary: Summary) -> str:
    """``82.9% to 86.1%``."""
    low, high = summary.interval
    return f"{low:.1%} to {high:.1%}"


def calibration_error(summary: Summary) -> str:
    """Of the first tier's confidence."""
    found = summary.calibration.get("first")
    return share(found.ece if found else None)


OVERVIEW: tuple[tuple[str, Callable[[Summary], str]], ...] = (
    ("accuracy", lambda run: share(run.accuracy)),
    ("… with 95% certainty", interval),
    ("macro-F1", lambda run: share(run.macro_f1)),
    ("cost of 1,000 tickets", lambda run: dollars(run.per_thousand, 4)),
    ("escalated", lambda run: share(run.escalated_share)),
    ("calibration error", calibration_error),
    ("latency, 95% below", lambda run: seconds(run.p95_ms)),
)
"""The figures that two runs are compared by."""


def tickets_used(evaluation: Evaluation) -> str:
    """Which tickets of the file were judged, and why not the others."""
    judged = len(evaluation.runs[0].judged)
    parts = [f"{judged:,} of {evaluation.labelled:,} labelled tickets"]
    if evaluation.chosen < evaluation.labelled:
        parts.append("drawn at random")
    if evaluation.unlabelled:
        parts.append(f"{evaluation.unlabelled:,} without a label left out")
    if evaluation.interrupted:
        parts.append(f"ended before all {evaluation.chosen:,} were judged")
    return ", ".join(parts)


THRESHOLD = (
    "Tickets that the first tier answers with less confidence than the threshold are asked again "
    "by the escalation model."
)
FULL = (
    " Here it was asked about all of them, in fuller calls than a worker makes: its cost is told "
    "somewhat low."
)
GUESSED = " Dashed: a guess, since it was not asked about all of them."

SIMULATED = (
    "The stand-in answered, not Claude. It sorts by keywords and estimates tokens: what it gets "
    "right, how sure and how fast it is says nothing about Claude."
)


def was_escalated(summary: Summary) -> bool:
    """Whether anything is known about another threshold."""
    return "escalation" in summary.calibration and bool(summary.points)


def threshold_advice(summary: Summary) -> str:
    """What to set, and how far that can be relied upon."""
    now, best = float(summary.settings["escalation_threshold"]), summary.recommended
    if summary.settings["escalation_model"] == NO_MODEL:
        return "There is no escalation model: no ticket is asked about twice."
    if not was_escalated(summary):
        asked = "The escalation model answered for no ticket, so nothing can be said about it."
        return asked if summary.full else asked + " --curve full asks it about all of them."
    if best is None:
        return "No threshold is known well enough and keeps the cap: see --curve full."
    what = f"Recommended: {best.threshold:.2f}, the cheapest within half a point of the best"
    what += ", as it is now." if best.threshold == now else "."
    if not best.threshold:
        what += " Asking again about unsure tickets gains less than that."
    if not summary.full and best.threshold == max(p.threshold for p in summary.points if p.known):
        what += " A higher one may be better still: --curve full finds out."
    return what


def verdict(found: Comparison, names: tuple[str, str]) -> str:
    """Which of two runs is better, and whether that may be chance."""
    first, second = names
    counts = (
        f"{found.only_first:,} tickets only {first} gets right, {found.only_second:,} only {second}"
    )
    if found.only_first == found.only_second:
        return f"{counts}: no difference in accuracy."
    better = second if found.only_second > found.only_first else first
    chance = f"{found.chance:.1%}" if found.chance >= 0.001 else "less than 0.1%"
    sure = "" if found.chance < 0.05 else ": more tickets are needed to tell"
    return (
        f"{counts}. {better} is better; equally good settings would differ as much in "
        f"{chance} of such comparisons{sure}."
    )
