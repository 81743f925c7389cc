"""The ground of a chart: two axes, and data put on them as SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from streams.evaluate.markup import tag

TICK = 6
"""Pixels between an axis and its labels."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from ``low`` to ``high``, and how its ticks are written."""

    low: float
    high: float
    label: Callable[[float], str]

    def ticks(self, most: int) -> list[float]:
        """At most about ``most`` round numbers: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / most
        power = 10 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Plot:
    """A rectangle in pixels of the drawing that shows values of both axes."""

    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    def at(self, spot: Spot) -> Spot:
        """Where a pair of values is, in pixels."""
        across = (spot[0] - self.x.low) / (self.x.high - self.x.low)
        up = (spot[1] - self.y.low) / (self.y.high - self.y.low)
        return round(self.left + across * self.width, 1), round(
            self.top + (1 - up) * self.height, 1
        )

    @property
    def right(self) -> float:
        """The right edge, in pixels."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge, in pixels."""
        return self.top + self.height

    def rows(self, most: int) -> list[Element]:
        """About ``most`` hairlines for the y axis, with their labels."""
        parts: list[Element] = []
        for value in self.y.ticks(most):
            y = self.at((self.x.low, value))[1]
            parts.append(tag("line", class_="grid", x1=self.left, x2=self.right, y1=y, y2=y))
            label = {"x": self.left - TICK, "y": y + 4}
            parts.append(tag("text", self.y.label(value), class_="tick end", **label))
        return parts

    def base(self) -> Element:
        """The line at the bottom."""
        y = self.bottom
        return tag("line", class_="axis", x1=self.left, x2=self.right, y1=y, y2=y)

    def scale(self, name: str) -> list[Element]:
        """The labels of the x axis, and under them its name."""
        parts: list[Element] = []
        for value in self.x.ticks(5):
            x, y = self.at((value, self.y.low))
            parts.append(tag("line", class_="axis", x1=x, x2=x, y1=y, y2=y + 4))
            parts.append(tag("text", self.x.label(value), class_="tick mid", x=x, y=y + 19))
        middle = self.left + self.width / 2
        return [*parts, tag("text", name, class_="tick mid", x=middle, y=self.bottom + 38)]

    def title(self, text: str) -> Element:
        """What the y axis shows, above it at the left edge of the drawing."""
        return tag("text", text, class_="title", x=0, y=self.top - 14)

    def line(self, spots: Sequence[Spot], class_: str) -> Element:
        """The spots joined by straight lines."""
        points = " ".join(f"{x:g},{y:g}" for x, y in map(self.at, spots))
        return tag("polyline", class_=f"line {class_}", points=points)

    def dot(self, spot: Spot, class_: str, title: str, radius: float = 5) -> Element:
        """A dot that tells about itself when it is pointed at."""
        x, y = self.at(spot)
        return tag("circle", tag("title", title), class_=class_, cx=x, cy=y, r=round(radius, 1))


def drawing(width: float, height: float, label: str, *parts: Element) -> Element:
    """The SVG element; ``label`` says in words what it shows."""
    return tag(
        "svg", *parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label
    )  # fmt: skip


def percent(value: float) -> str:
    """``85%``, ``85.5%``."""
    return f"{round(100 * value, 1):g}%"
