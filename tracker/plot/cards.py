"""The lower half of the picture: each hold by itself, large enough to count its breaths."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tracker.detect.samples import Floats
from tracker.plot.curves import between, thinned
from tracker.plot.look import EDGE, FAINT, INK, SOFT, colour
from tracker.plot.story import Story, Told, summary, when

MOST_CARDS = 24
_COLUMNS = 600
# Before and after the hold, so that the moves into it and out of it are seen.
_AROUND_S = 2.0
# Breaths of more than this are too close together for numbers.
_MOST_NUMBERS = 40


def card(axes: Axes, told: Told, story: Story) -> None:
    """The breath wave of one hold, its exhales, and why it began and ended."""
    tone = colour(told.name)
    start_s, end_s = told.start_s, told.end_s
    t_s, values = between(*told.wave, start_s - _AROUND_S, end_s + _AROUND_S)
    inside = (t_s >= start_s + 0.8) & (t_s <= end_s - 0.2)
    for from_s, to_s in story.slips:  # a slip is many times a breath, and is told by its mark
        inside &= (t_s < from_s - 1.0) | (t_s > to_s + 1.0)
    low, high = _reach(values[inside])
    axes.axvspan(0.0, end_s - start_s, color=tone, alpha=0.10, linewidth=0)
    for bound in (0.0, end_s - start_s):
        axes.axvline(bound, color=tone, linewidth=1.1)
    axes.plot(*_since(start_s, thinned(t_s, values, _COLUMNS)), color=SOFT, linewidth=0.8)
    held = between(t_s, values, start_s, end_s)
    axes.plot(*_since(start_s, thinned(*held, _COLUMNS)), color=tone, linewidth=1.6)
    _breaths(axes, told, t_s, values)
    _marks(axes, told, story)
    axes.set_xlim(-_AROUND_S, end_s - start_s + _AROUND_S)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(visible=True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_gid(f"card-{told.number}")
    _words(axes, told)


def _since(start_s: float, curve: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return curve[0] - start_s, curve[1]


def _reach(values: Floats) -> tuple[float, float]:
    if not len(values):
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = max(0.5 - (high - low), 0.0) / 2
    swing = max(high - low, 0.5)
    return low - room - 0.30 * swing, high + room + 0.15 * swing


def _breaths(axes: Axes, told: Told, t_s: Floats, values: Floats) -> None:
    for breath in told.breaths:
        exhale = (breath.exhale_start_s - told.start_s, breath.exhale_end_s - told.start_s)
        axes.axvspan(*exhale, color=SOFT, alpha=0.13, linewidth=0)
        height = float(np.interp(breath.exhale_start_s, t_s, values))
        axes.plot(exhale[0], height, "o", markersize=3.6, color=INK)
        if len(told.breaths) <= _MOST_NUMBERS:
            axes.annotate(
                str(breath.number), (exhale[0], height), xytext=(0, -5), ha="center", va="top",
                textcoords="offset points", fontsize=7.0, color=INK,
            )  # fmt: skip


def _marks(axes: Axes, told: Told, story: Story) -> None:
    for from_s, to_s in story.slips:
        if told.start_s <= from_s <= told.end_s:
            axes.axvspan(
                from_s - told.start_s, to_s - told.start_s, facecolor="none", edgecolor=EDGE,
                hatch="////", linewidth=0, alpha=0.6,
            )  # fmt: skip
    for strain in told.strains:
        axes.annotate(
            f"{strain.kind} {strain.size:.0f}", (strain.t_s - told.start_s, 0.97), va="top",
            xycoords=("data", "axes fraction"), ha="center", fontsize=6.5, color=EDGE,
        )  # fmt: skip


def _words(axes: Axes, told: Told) -> None:
    def say(text: str, at: tuple[float, float], points: float, **look: Any) -> None:
        axes.annotate(
            text,
            at,
            xycoords="axes fraction",
            xytext=(0, points),
            textcoords="offset points",
            annotation_clip=False,
            **look,
        )

    name = f"{told.number}  {told.title}"
    say(name, (0, 1), 15, fontsize=9.5, fontweight="bold", color=colour(told.name))
    say(when(told), (1, 1), 15, fontsize=7.5, color=SOFT, ha="right")
    say(summary(told), (0, 1), 4, fontsize=7.5)
    say(f"began: {told.began}", (0, 0), -17, fontsize=7.0, color=SOFT, va="top")
    say(f"ended: {told.ended}", (0, 0), -27, fontsize=7.0, color=SOFT, va="top")
