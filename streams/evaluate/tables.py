"""The tables of the report: categories, who is taken for whom, tiers, the surest mistakes."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from streams.books.money import dollars
from streams.evaluate.curve import per_thousand
from streams.evaluate.judged import Judged
from streams.evaluate.markup import Child, add, tag
from streams.evaluate.summary import Summary
from streams.evaluate.wording import seconds, share

NARROW = 7
"""Categories that a matrix can have to fit in half of the page."""
MOST_MISTAKES = 20
LONGEST_TEXT = 320
"""Characters of a ticket's text that are shown."""


def table(
    head: Sequence[str], rows: Sequence[Sequence[Child]], class_: str | None = None
) -> Element:
    """Each row begins with its name; cells are text, or elements of :func:`words`."""
    kinds = [_kind(cell) for cell in rows[0]] if rows else [None] * len(head)
    names = [
        tag("th", *_breakable(name), scope="col", class_=kind)
        for name, kind in zip(head, kinds, strict=True)
    ]
    body = tag("tbody")
    for first, *cells in rows:
        done = [cell if _is_cell(cell) else tag("td", cell) for cell in cells]
        add(body, tag("tr", tag("th", first, scope="row"), *done))
    whole = tag("table", tag("thead", tag("tr", *names)), body, class_=class_)
    return tag("div", whole, class_="scroll")


def words(text: str, class_: str = "words") -> Element:
    """A cell of words rather than numbers."""
    return tag("td", text, class_=class_)


def categories(summary: Summary) -> Element:
    """Tickets, precision, recall and F1 of each category."""
    rows: list[list[Child]] = [
        [
            score.name,
            f"{score.expected:,}",
            share(score.precision),
            share(score.recall),
            tag("td", share(score.f1), _meter(score.f1)),
        ]
        for score in summary.scores
    ]
    return table(("category", "tickets", "precision", "recall", "F1"), rows)


def matrix(summary: Summary) -> Element:
    """A row for where tickets belong, a column for where they went; shaded by share of the row."""
    names = [score.name for score in summary.scores]
    others = sorted({went for _, went in summary.confusion} - set(names))
    rows: list[list[Child]] = []
    for score in summary.scores:
        cells = [
            _shaded(
                summary.confusion.get((score.name, went), 0), score.expected, went == score.name
            )
            for went in [*names, *others]
        ]
        rows.append([score.name, *cells])
    return table(["belongs in ↓  went to →", *names, *others], rows, class_="matrix")


def tiers(summary: Summary) -> Element:
    """What each tier was asked, answered, got right, cost, and how long it took."""
    total = summary.cost_picodollars
    rows: list[list[Child]] = [
        [
            tier.name,
            words(str(summary.settings["model" if tier.name == "first" else "escalation_model"])),
            f"{tier.asked:,}",
            share(tier.asked / len(summary.judged)),
            f"{tier.answered:,}",
            share(tier.right / tier.answered if tier.answered else None),
            dollars(tier.cost_picodollars),
            share(tier.cost_picodollars / total if total else None),
            seconds(tier.p50_ms),
            seconds(tier.p95_ms),
        ]
        for tier in summary.tiers
    ]
    head = (
        "tier", "model", "asked", "of all", "answered", "of these right",
        "cost", "of the bill", "median", "95%",
    )  # fmt: skip
    return table(head, rows)


def thresholds(summary: Summary) -> Element | None:
    """The threshold that was set beside the recommended one, both without a cap."""
    now = float(summary.settings["escalation_threshold"])
    points = {"now": next((p for p in summary.points if p.threshold == now), None)}
    points["recommended"] = summary.recommended
    rows = [
        [
            name,
            f"{point.threshold:.2f}",
            share(point.accuracy),
            dollars(per_thousand(point), 4),
            share(point.escalated / point.tickets),
        ]
        for name, point in points.items()
        if point is not None
    ]
    head = ("", "threshold", "accuracy", "cost of 1,000 tickets", "escalated")
    return table(head, rows, class_="thresholds") if rows else None


def mistakes(summary: Summary, texts: Mapping[int, str] | None) -> Element:
    """The wrong tickets with the highest confidence, by their lines in the file."""
    wrong = surest_mistakes(summary.judged)
    head = ["line", "belongs in", "went to", "confidence", "reason"]
    rows: list[list[Child]] = []
    for one in wrong:
        row: list[Child] = [f"{one.line:,}", words(one.expected), words(one.category)]
        row += [f"{one.confidence:.2f}", words(one.reason or "")]
        if texts is not None:
            row.append(words(_short(texts.get(one.line, "")), "text"))
        rows.append(row)
    return table([*head, "text"] if texts is not None else head, rows, class_="mistakes")


def surest_mistakes(judged: Sequence[Judged]) -> list[Judged]:
    """At most MOST_MISTAKES, the surest first."""
    wrong = [one for one in judged if not one.right]
    return sorted(wrong, key=lambda one: (-one.confidence, one.line))[:MOST_MISTAKES]


def _is_cell(cell: Child) -> bool:
    return isinstance(cell, Element) and cell.tag == "td"


def _kind(cell: Child) -> str | None:
    """A column's name stands where its cells do."""
    words_in_it = isinstance(cell, Element) and cell.get("class") in ("words", "text")
    return "words" if words_in_it else None


def _breakable(name: str) -> list[Child]:
    """Long names of categories break after an underscore."""
    first, *others = name.split("_")
    parts: list[Child] = [first]
    for other in others:
        parts += ["_", tag("wbr"), other]
    return parts


def _meter(value: float | None) -> Element:
    return tag("span", tag("span", style=f"width:{100 * (value or 0):.0f}%"), class_="meter")


def _shaded(count: int, of: int, right: bool) -> Element:
    part = count / of if of else 0.0
    kind = "right" if right else "wrong" if count else "none"
    strong = " strong" if part > 0.6 and kind != "none" else ""
    # From a tint that can be seen to the full colour.
    tint = f"{8 + 92 * part:.0f}%" if count else "0%"
    return tag("td", f"{count:,}", class_=kind + strong, style=f"--share:{tint}")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
