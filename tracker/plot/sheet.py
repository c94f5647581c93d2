"""How is a recording drawn on one sheet?"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tracker.errors import StretchbandError
from tracker.plot.cards import MOST_CARDS, card
from tracker.plot.clock import written
from tracker.plot.lanes import lanes
from tracker.plot.look import DPI, SOFT, STYLE, WIDTH_IN
from tracker.plot.panels import angle, breath, shade, tilt_rate, unrest
from tracker.plot.story import Story
from tracker.plot.view import View, time_axis

_Box = tuple[float, float, float, float]


class Panel(NamedTuple):
    """A panel over the axis of time, and how tall it is in inches."""

    draw: Callable[[Axes, Story, View], None]
    tall: float


BREATH = Panel(breath, 1.25)
_PANELS = (Panel(angle, 3.0), Panel(lanes, 1.1), BREATH, Panel(tilt_rate, 1.0), Panel(unrest, 1.0))
# Inches: the sheet's margins, between panels, a card, and the words between rows of cards.
_LEFT, _RIGHT, _TOP, _BOTTOM, _BETWEEN = 1.15, 0.35, 1.55, 0.80, 0.12
_CARD, _CARD_GAP, _CARDS_APART = 1.55, 1.15, 0.55


def draw(story: Story, title: str, form: str, from_s: float | None, to_s: float | None) -> bytes:
    """The picture of a recording, or of a part of it, as a whole file.

    Raises StretchbandError when there is nothing between the two moments.
    """
    view = _view(story, from_s, to_s)
    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        figure = _sheet(story, view, title)
        file = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(file, format=form, dpi=DPI, metadata=metadata)
    return file.getvalue()


def _view(story: Story, from_s: float | None, to_s: float | None) -> View:
    first_s = story.start_s if from_s is None else max(from_s, story.start_s)
    last_s = story.end_s if to_s is None else min(to_s, story.end_s)
    if last_s - first_s < 1.0:
        whole = f"{written(story.start_s)} to {written(story.end_s)}"
        raise StretchbandError(f"there is nothing to draw: choose a second or more of {whole}")
    return View(first_s, last_s, WIDTH_IN - _LEFT - _RIGHT)


def _sheet(story: Story, view: View, title: str) -> Figure:
    shown = [told for told in story.holds if told.counted and view.has(told.start_s, told.end_s)]
    drawn = shown[:MOST_CARDS]
    panels = [panel for panel in _PANELS if drawn or panel is not BREATH]
    columns = min(max(len(drawn), 1), 3)
    rows = -(-len(drawn) // columns)
    upper = _TOP + sum(panel.tall for panel in panels) + _BETWEEN * (len(panels) - 1)
    height = upper + _BOTTOM + rows * (_CARD + _CARD_GAP)
    figure = Figure(figsize=(WIDTH_IN, height))
    _heading(figure, story, view, title, len(shown))
    y = _TOP
    for panel in panels:
        axes = figure.add_axes(_box(figure, _LEFT, y, view.width_in, panel.tall))
        shade(axes, story, view, named=panel is panels[0])
        panel.draw(axes, story, view)
        time_axis(axes, view)
        axes.tick_params(axis="x", labelbottom=panel is panels[-1])
        y += panel.tall + _BETWEEN
    wide = (view.width_in - (columns - 1) * _CARDS_APART) / columns
    for i, told in enumerate(drawn):
        row, column = divmod(i, columns)
        left = _LEFT + column * (wide + _CARDS_APART)
        top = upper + _CARD_GAP + row * (_CARD + _CARD_GAP)
        card(figure.add_axes(_box(figure, left, top, wide, _CARD)), told, story)
    return figure


def _heading(figure: Figure, story: Story, view: View, title: str, shown: int) -> None:
    counted = sum(told.counted for told in story.holds)
    facts = [
        f"holds {counted}",
        f"dropped {len(story.holds) - counted}",
        f"straightenings {len(story.reps)}",
        f"{written(view.from_s)} – {written(view.to_s)} of {written(story.end_s)}",
    ]
    if shown > MOST_CARDS:
        facts.append(f"{MOST_CARDS} of {shown} holds drawn closely: --from and --to choose others")
    left, height = _LEFT / WIDTH_IN, figure.get_figheight()
    figure.text(left, 1 - 0.36 / height, title, fontsize=15, fontweight="bold", va="center")
    figure.text(left, 1 - 0.64 / height, "  ·  ".join(facts), color=SOFT, va="center")


def _box(figure: Figure, left: float, top: float, wide: float, tall: float) -> _Box:
    """Inches from the upper left corner as matplotlib has a box."""
    height = figure.get_figheight()
    return (left / WIDTH_IN, 1 - (top + tall) / height, wide / WIDTH_IN, tall / height)
