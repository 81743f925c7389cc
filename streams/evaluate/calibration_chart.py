"""The reliability diagram: how often answers are right, by the confidence they were given with."""

import math
from xml.etree.ElementTree import Element

from streams.evaluate.calibration import Bin, Calibration
from streams.evaluate.markup import tag
from streams.evaluate.plot import Axis, Plot, drawing, percent

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT = 62, 22

SMALLEST, LARGEST = 3.0, 11.0
"""Radius in pixels of a dot that stands for next to no answers, and for all of them."""


def calibration_chart(found: Calibration, tier: str) -> Element:
    """Accuracy over confidence, one dot a bin; below, how many answers each bin has.

    On the diagonal confidence is what it says; below it the model is too sure of itself.
    """
    x = Axis(0, 1, percent)
    plot = Plot(LEFT, 34, WIDTH - LEFT - RIGHT, 222, x, Axis(0, 1, percent))
    filled = [one for one in found.bins if one.answers]
    most = max(one.answers for one in filled)
    bars = Plot(LEFT, 310, WIDTH - LEFT - RIGHT, 42, x, Axis(0, most, str))
    parts = [plot.title("Answers that are right"), *plot.rows(5), plot.base()]
    parts.append(plot.line([(0, 0), (1, 1)], "ideal"))
    parts += [_gap(plot, one) for one in filled]
    parts += [_dot(plot, one, found.answers) for one in filled]
    parts.append(bars.title("Answers given"))
    for one in filled:
        parts += _bar(bars, one)
    parts += [bars.base(), *bars.scale("confidence")]
    label = f"How often answers of the {tier} tier are right, by their confidence"
    return drawing(WIDTH, HEIGHT, label, *parts)


def _gap(plot: Plot, one: Bin) -> Element:
    """From what the confidence says to what is true."""
    x, said = plot.at((one.confidence, one.confidence))
    return tag("line", class_="gap", x1=x, x2=x, y1=said, y2=plot.at((0, one.accuracy))[1])


def _dot(plot: Plot, one: Bin, answers: int) -> Element:
    title = (
        f"{one.answers:,} answers with {percent(one.confidence)} on average: "
        f"{percent(one.accuracy)} are right"
    )
    radius = SMALLEST + (LARGEST - SMALLEST) * math.sqrt(one.answers / answers)
    return plot.dot((one.confidence, one.accuracy), "bin", title, radius)


def _bar(plot: Plot, one: Bin) -> list[Element]:
    left, top = plot.at((one.low, one.answers))
    width = plot.at((one.high, 0))[0] - left
    place = {"x": left + 2, "y": top, "width": round(width - 4, 1)}
    bar = tag("rect", class_="bar", height=round(plot.bottom - top, 1), **place)
    count = tag("text", f"{one.answers:,}", class_="tick mid", x=left + width / 2, y=top - 5)
    return [bar, count]
