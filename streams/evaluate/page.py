"""The report as one HTML page: no scripts, nothing from elsewhere, light and dark."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree.ElementTree import Element

from streams.books.money import dollars
from streams.evaluate import tables, wording
from streams.evaluate.calibration import Calibration
from streams.evaluate.calibration_chart import calibration_chart
from streams.evaluate.markup import Child, add, document, tag
from streams.evaluate.summary import SHOWN, Evaluation, Summary
from streams.evaluate.threshold_chart import threshold_chart


def page(evaluation: Evaluation) -> str:
    """The whole document. Names and texts from outside are escaped."""
    title = f"Evaluation of {evaluation.file}"
    style = (files("streams.evaluate") / "style.css").read_text("utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )
    runs = evaluation.runs
    body = tag(
        "body",
        _header(evaluation, title),
        tag("p", wording.SIMULATED, class_="notice") if evaluation.simulated else None,
        _comparison(evaluation) if len(runs) == 2 else _tiles(runs[0]),
        _threshold(runs),
        _confidence(runs),
        _categories(runs),
        _tiers(runs),
        _mistakes(evaluation),
        _footer(evaluation),
    )
    return document(tag("html", head, body, lang="en"))


def _header(evaluation: Evaluation, title: str) -> Element:
    at = f"{datetime.fromtimestamp(evaluation.at / 1000, UTC):%d %B %Y, %H:%M} UTC"
    said = f"{wording.tickets_used(evaluation)} · {at}"
    return tag("header", tag("h1", title), tag("p", said))


def _tiles(run: Summary) -> Element:
    figures = [
        ("Accuracy", wording.share(run.accuracy), f"{wording.interval(run)}, 95% sure"),
        ("Macro-F1", wording.share(run.macro_f1), "mean of the categories"),
        ("Cost of 1,000 tickets", dollars(run.per_thousand, 4), f"{_dollars(run)} for these"),
        ("Escalated", wording.share(run.escalated_share), f"{run.escalated:,} tickets"),
        ("Calibration error", wording.calibration_error(run), "of the first tier's confidence"),
        ("Latency, 95%", wording.seconds(run.p95_ms), "of a ticket's calls, or less"),
    ]
    tiles = [
        tag(
            "div",
            tag("dt", name),
            tag("dd", value, tag("span", note, class_="note")),
            class_="tile",
        )
        for name, value, note in figures
    ]
    return tag("dl", *tiles, class_="tiles")


def _comparison(evaluation: Evaluation) -> Element:
    one, other = evaluation.runs
    names = [*SHOWN, *(name for name in one.settings if name not in SHOWN)]
    differ = [name for name in names if one.settings.get(name) != other.settings.get(name)]
    setting_rows: list[list[Child]] = [
        [name, *(tables.words(str(run.settings.get(name))) for run in (one, other))]
        for name in differ
    ]
    rows = [[name, *(say(run) for run in evaluation.runs)] for name, say in wording.OVERVIEW]
    found = evaluation.comparison
    said = wording.verdict(found, (one.name, other.name)) if found else None
    return tag(
        "section",
        tag("h2", "Comparison"),
        tag("p", said, class_="lead") if said else None,
        tag(
            "div",
            tables.table(["figure", one.name, other.name], rows),
            tables.table(["setting", one.name, other.name], setting_rows),
            class_="columns",
        ),
    )


def _threshold(runs: Sequence[Summary]) -> Element:
    figures = [
        tag(
            "figure",
            _heading(runs, run, None),
            tag("p", wording.threshold_advice(run), class_="lead"),
            threshold_chart(run) if wording.was_escalated(run) else None,
        )
        for run in runs
    ]
    if len(runs) == 1:
        best = tables.thresholds(runs[0]) if wording.was_escalated(runs[0]) else None
        figures.append(tag("div", best, _settings(runs[0])))
    guessed = any(not point.known for run in runs for point in run.points)
    more = wording.FULL if runs[0].full else wording.GUESSED if guessed else ""
    lead = wording.THRESHOLD + more
    return _section("Where to set the threshold", lead, tag("div", *figures, class_="columns"))


def _settings(run: Summary) -> Element:
    rows: list[list[Child]] = [[name, tables.words(str(run.settings[name]))] for name in SHOWN]
    return tables.table(("setting", "value"), rows)


def _confidence(runs: Sequence[Summary]) -> Element:
    figures = [
        tag(
            "figure",
            _heading(runs, run, f"{tier} tier"),
            tag("p", _errors_of(found), class_="lead"),
            calibration_chart(found, tier),
        )
        for run in runs
        for tier, found in run.calibration.items()
    ]
    lead = (
        "On the dashed line confidence is what it says: of the answers given with 80%, four in "
        "five are right. Dots below it are too sure of themselves."
    )
    return _section(
        "Whether confidence can be believed", lead, tag("div", *figures, class_="columns")
    )


def _categories(runs: Sequence[Summary]) -> Element:
    blocks = [
        tag(
            "div",
            tag("div", _heading(runs, run, "Who is taken for whom"), tables.matrix(run)),
            tag("div", _heading(runs, run, "Each category"), tables.categories(run)),
            class_="columns" if len(run.scores) <= tables.NARROW else "rows",
        )
        for run in runs
    ]
    return _section("Categories", None, *blocks)


def _tiers(runs: Sequence[Summary]) -> Element:
    parts: list[Child] = []
    for run in runs:
        parts += [_heading(runs, run, None), tables.tiers(run)]
        if run.reasons:
            reasons = ", ".join(f"{reason} ({count:,})" for reason, count in run.reasons.items())
            parts.append(tag("p", f"Tickets that no answer of a model placed: {reasons}."))
    lead = "A ticket's latency is the time its calls took together, without waiting for a slot."
    return _section("Cost and latency", lead, *parts)


def _mistakes(evaluation: Evaluation) -> Element | None:
    runs = [run for run in evaluation.runs if any(not one.right for one in run.judged)]
    if not runs:
        return None
    parts: list[Child] = []
    for run in runs:
        parts += [_heading(evaluation.runs, run, None), tables.mistakes(run, evaluation.texts)]
    lead = (
        f"The {tables.MOST_MISTAKES} with the most confidence: worth a look, for the label may be "
        "what is wrong."
    )
    return _section("Surest mistakes", lead, *parts)


def _footer(evaluation: Evaluation) -> Element:
    billed = dollars(sum(run.billed_picodollars for run in evaluation.runs))
    return tag("footer", tag("p", f"ticket-streams eval · this evaluation cost {billed}"))


def _section(title: str, lead: str | None, *parts: Child) -> Element:
    section = tag("section", tag("h2", title))
    add(section, tag("p", lead, class_="lead") if lead else None, *parts)
    return section


def _heading(runs: Sequence[Summary], run: Summary, what: str | None) -> Element | None:
    """What a block shows, and of which run if there are two."""
    parts = [part for part in (what, run.name if len(runs) == 2 else None) if part]
    return tag("h3", ", ".join(parts)) if parts else None


def _errors_of(found: Calibration) -> str:
    return f"calibration error {found.ece:.1%}, Brier score {found.brier:.3f}"


def _dollars(run: Summary) -> str:
    return dollars(run.cost_picodollars, 4)
