"""Charts as SVG to stand in a page: minutes by day, and one dot a hold.

Left and right differ in shape, or in lightness, as well as in colour: they stay apart on a grey
printer. Everything is said by attributes, because renderers of paper do not style SVG by a page's
style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element, SubElement, tostring

from tracker.detect.events import Side

COLOURS: Mapping[Side | None, str] = {"left": "#1f5f7a", "right": "#e0a04a", None: "#b9b4ab"}
INK, SOFT, LINE = "#2b2f33", "#6b6f73", "#dedbd5"
FONT = "Inter, Helvetica Neue, Liberation Sans, DejaVu Sans, sans-serif"
TEXT = 10.5
LEFT, RIGHT, TOP, BOTTOM = 36.0, 8.0, 10.0, 20.0
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """One hold: the day of the month with its part, 1.5 is noon of the first, and a value."""

    day: float
    value: float
    side: Side | None


class Chart:
    """A drawing with a day axis below and a value axis at its left."""

    def __init__(self, width: float, height: float, days: int, label: str) -> None:
        """label: what it shows, for people who do not see it."""
        self.svg = Element(
            "svg",
            {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": label},
            width=f"{width:g}",
            height=f"{height:g}",
        )
        self.width, self.height, self.days = width, height, days
        self.low, self.high = 0.0, 1.0

    def x(self, day: float) -> float:
        """Where a day begins: 1 is the left edge."""
        return LEFT + (day - 1) / self.days * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """How high a value is."""
        share = (value - self.low) / (self.high - self.low)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)

    def add(self, name: str, **attributes: float | str) -> Element:
        """A shape; underlines in names stand for hyphens."""
        written = {
            key.replace("_", "-"): f"{value:.2f}" if isinstance(value, float) else str(value)
            for key, value in attributes.items()
        }
        return SubElement(self.svg, name, written)

    def write(self, x: float, y: float, text: str, anchor: str) -> None:
        """A word; x, y is the foot of its start, middle or end."""
        element = self.add(
            "text", x=x, y=y, fill=SOFT, font_size=TEXT, font_family=FONT, text_anchor=anchor
        )
        element.text = text

    def scale(self, low: float, high: float, unit: str) -> None:
        """The value axis from at most `low` to at least `high`, in even steps."""
        step = _step(high - low)
        self.low, self.high = math.floor(low / step) * step, math.ceil(high / step) * step
        for n in range(round((self.high - self.low) / step) + 1):
            value = self.low + n * step
            y = self.y(value)
            self.add("line", x1=LEFT, x2=self.width - RIGHT, y1=y, y2=y, stroke=LINE)
            self.write(LEFT - 5, y + 3.5, f"{value:g}{unit}", "end")

    def day_axis(self, every: int) -> None:
        """Numbers beneath every so many days."""
        for day in range(1, self.days + 1, every):
            self.write(self.x(day + 0.5), self.height - 5, str(day), "middle")

    def text(self) -> str:
        """The drawing, to stand in HTML."""
        return tostring(self.svg, encoding="unicode")


def minutes_by_day(days: Sequence[date], held_s: Mapping[tuple[date, Side | None], float]) -> str:
    """A bar a day: left below, right on it, the leg not known on top; minutes."""
    chart = Chart(680, 155, len(days), "Minutes held on each day, by leg")
    totals = [sum(held_s.get((day, side), 0.0) for side in COLOURS) / 60 for day in days]
    chart.scale(0.0, max(*totals, 1.0), "")
    for number, day in enumerate(days, 1):
        base = 0.0
        for side, colour in COLOURS.items():
            top = base + held_s.get((day, side), 0.0) / 60
            if top > base:
                begin, end = chart.x(number + 0.16), chart.x(number + 0.84)
                high, low = chart.y(top), chart.y(base)
                chart.add(
                    "rect", x=begin, y=high, width=end - begin, height=low - high, fill=colour
                )
            base = top
    chart.day_axis(1)
    return chart.text()


def dots_by_day(dots: Sequence[Dot], days: int, unit: str, label: str) -> str:
    """A dot a hold: left a disc, right a square, the leg not known a ring."""
    chart = Chart(332, 125, days, label)
    low, high = min(dot.value for dot in dots), max(dot.value for dot in dots)
    margin = max(2.0, (high - low) * 0.15)
    chart.scale(max(0.0, low - margin) if low >= 0 else low - margin, high + margin, unit)
    for dot in dots:
        x, y, colour = chart.x(dot.day), chart.y(dot.value), COLOURS[dot.side]
        match dot.side:
            case "left":
                chart.add("circle", cx=x, cy=y, r=2.8, fill=colour)
            case "right":
                chart.add("rect", x=x - 2.6, y=y - 2.6, width=5.2, height=5.2, fill=colour)
            case None:
                chart.add("circle", cx=x, cy=y, r=2.4, fill="none", stroke="#8a857c")
    chart.day_axis(5)
    return chart.text()


def _step(span: float) -> float:
    """At most five even steps of 1, 2 or 5 times a power of ten."""
    rough = max(span, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    return next((step * power for step in _STEPS if step * power >= rough), 10 * power)
