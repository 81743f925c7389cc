"""The chart of the threshold: what each one would have given, and what it would have cost."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.evaluate.curve import Point
from streams.evaluate.markup import tag
from streams.evaluate.plot import Axis, Plot, drawing, percent
from streams.evaluate.summary import Summary

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT = 62, 22

NARROWEST = 0.02
"""Least height of the accuracy's axis: smaller differences are not blown up."""

CAPTION_WIDTH = 100
"""Pixels that "recommended" takes."""


def threshold_chart(summary: Summary) -> Element:
    """Accuracy, and cost of 1,000 tickets, over the threshold; dashed where it is a guess."""
    points = summary.points
    x = Axis(0, 1, lambda value: f"{value:.1f}")
    accuracy = Plot(LEFT, 50, WIDTH - LEFT - RIGHT, 150, x, _accuracy_axis(points))
    cost = Plot(LEFT, 242, WIDTH - LEFT - RIGHT, 110, x, _cost_axis(points))
    parts = [*_marks(summary, accuracy), *_marks(summary, cost)]
    parts += _captions(summary, accuracy)
    parts += [accuracy.title("Accuracy"), *accuracy.rows(4), accuracy.base()]
    parts += [cost.title("Cost of 1,000 tickets"), *cost.rows(4), cost.base()]
    parts += cost.scale("threshold")
    for plot, height in ((accuracy, _accuracy), (cost, _dollars)):
        spots = [(point.threshold, height(point)) for point in points]
        sure = sum(point.known for point in points)
        parts.append(plot.line(spots[:sure], "known"))
        parts.append(plot.line(spots[max(sure - 1, 0) :], "guess"))
        if summary.recommended is not None:
            best = summary.recommended
            parts.append(plot.dot((best.threshold, height(best)), "best", _says(best)))
    label = "Accuracy and cost of 1,000 tickets, for thresholds from 0 to 1"
    return drawing(WIDTH, HEIGHT, label, *parts)


def _marks(summary: Summary, plot: Plot) -> list[Element]:
    """Upright lines at the threshold that was set and at the recommended one."""
    return [
        tag("line", class_=f"mark {name}", x1=x, x2=x, y1=plot.top, y2=plot.bottom)
        for x, name in _thresholds(summary, plot)
    ]


def _captions(summary: Summary, plot: Plot) -> list[Element]:
    """The names of those lines: the left one's to its left, the right one's to its right."""
    marks = _thresholds(summary, plot)
    parts = []
    for x, name in marks:
        outward = len(marks) == 2 and x == min(marks)[0] and x > LEFT + CAPTION_WIDTH
        end = outward or x > WIDTH - CAPTION_WIDTH
        place = {"x": x - 5 if end else x + 5, "y": plot.top - 2}
        parts.append(tag("text", name, class_=f"caption {name}{' end' * end}", **place))
    return parts


def _thresholds(summary: Summary, plot: Plot) -> list[tuple[float, str]]:
    """Where they are in pixels, and their names; one where both are the same."""
    now, best = float(summary.settings["escalation_threshold"]), summary.recommended
    marks = [] if best is None else [(best.threshold, "recommended")]
    if best is None or best.threshold != now:
        marks.append((now, "now"))
    return [(plot.at((value, plot.y.low))[0], name) for value, name in marks]


def _accuracy_axis(points: Sequence[Point]) -> Axis:
    values = [point.accuracy for point in points]
    middle = (min(values) + max(values)) / 2
    half = 0.65 * max(NARROWEST, max(values) - min(values))
    return Axis(max(0.0, middle - half), min(1.0, middle + half), percent)


def _cost_axis(points: Sequence[Point]) -> Axis:
    high = max(map(_dollars, points)) or 1e-6
    places = 2 if high >= 1 else 3 if high >= 0.1 else 4
    return Axis(0, high * 1.1, lambda value: f"${value:,.{places}f}")


def _accuracy(point: Point) -> float:
    return point.accuracy


def _dollars(point: Point) -> float:
    """Dollars for 1,000 tickets, as exact as a drawing needs."""
    return point.cost_picodollars * 1_000 / point.tickets / PICODOLLARS_PER_DOLLAR


def _says(point: Point) -> str:
    return (
        f"threshold {point.threshold:g}: {percent(point.accuracy)} right, "
        f"{percent(point.escalated / point.tickets)} escalated"
    )
