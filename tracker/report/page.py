"""The page: one HTML file with its style and its drawings, and nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.detect.events import Side
from tracker.report.charts import COLOURS, Dot, dots_by_day, minutes_by_day
from tracker.report.month import DatedHold, Month
from tracker.store import balance

TOLD = 12  # so many holds are told one by one, then their number
UNKNOWN = "–"

# What the angle is, by stretch; a taught stretch has its own meaning.
ANGLES = {
    "hamstring": "how far the leg is above the horizontal",
    "inner_thigh": "how far the leg has fallen out",
    "prone_quad": "the bend of the knee",
    "standing_quad": "the bend of the knee",
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A small drawing under its name."""

    name: str
    drawing: Markup


def page(month: Month, made: datetime, program: str) -> str:
    """The month as HTML. made: when, in the wearer's zone; program: what made it."""
    environment = Environment(
        loader=PackageLoader("tracker.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, amount=amount, words=words, number=number, day=day)
    return environment.get_template("page.html.jinja").render(
        month=month,
        made=made,
        program=program,
        style=Markup(environment.get_template("page.css").render()),  # noqa: S704 - our own file
        chart=_minutes(month),
        depths=list(_depths(month)),
        panels=list(_panels(month)),
        left_share=balance(month.side_s("left"), month.side_s("right")),
        shares=list(_shares(month)),
        hurt=[each for each in month.holds if each.hold.reason == "pain"],
        strained=[each for each in month.holds if each.hold.strains],
        colours=COLOURS,
        angles={s.stretch: ANGLES[s.stretch] for s in month.stretches if s.stretch in ANGLES},
        told=TOLD,
    )


def clock(seconds: float) -> str:
    """`1:05` minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def amount(seconds: float) -> str:
    """`45 s`, `12 min`, `1 h 05 min`."""
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def words(name: str) -> str:
    """A stretch as people say it."""
    return name.replace("_", " ")


def number(value: float | None, form: str, unit: str = "") -> str:
    """A figure with its unit; a dash for one that is not known."""
    return UNKNOWN if value is None else form.format(value) + unit


def day(moment: datetime) -> str:
    """`8 November, 18:05`."""
    return f"{moment.day} {moment:%B, %H:%M}"


def _minutes(month: Month) -> Markup:
    held_s: dict[tuple[object, Side | None], float] = {}
    for each in month.holds:
        key = (each.began.date(), each.hold.side)
        held_s[key] = held_s.get(key, 0.0) + each.held_s
    return Markup(minutes_by_day(month.days, held_s))  # type: ignore[arg-type] # noqa: S704


def _depths(month: Month) -> Iterator[Panel]:
    for name in dict.fromkeys(each.stretch for each in month.stretches):
        of_one = [each for each in month.holds if each.hold.stretch == name]
        dots = [_dot(each, each.hold.angle_deg) for each in of_one]
        yield from _panel(words(name).capitalize(), month, dots, "°")


def _panels(month: Month) -> Iterator[Panel]:
    lengths = [_dot(each, each.held_s) for each in month.holds]
    rates = [_dot(each, each.hold.breath_rate_bpm) for each in month.holds]
    yield from _panel("Length of each hold, seconds", month, lengths, "")
    yield from _panel("Breaths a minute, where they could be told", month, rates, "")


def _panel(name: str, month: Month, dots: list[Dot | None], unit: str) -> Iterator[Panel]:
    known = [dot for dot in dots if dot is not None]
    if known:
        drawing = dots_by_day(known, month.last.day, unit, f"{name}, hold by hold")
        yield Panel(name, Markup(drawing))  # noqa: S704 - made of elements, escaped there


def _dot(each: DatedHold, value: float | None) -> Dot | None:
    if value is None:
        return None
    at = each.began
    return Dot(at.day + (at.hour + at.minute / 60) / 24, value, each.hold.side)


def _shares(month: Month) -> Iterator[tuple[str, float, float, float]]:
    """Each stretch with seconds left and right and the left leg's share, where a leg is known."""
    for name in dict.fromkeys(each.stretch for each in month.stretches):
        left_s, right_s = month.side_s("left", name), month.side_s("right", name)
        share = balance(left_s, right_s)
        if share is not None:
            yield name, left_s, right_s, share
