"""The upper half of the picture: panels over one axis of time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from tracker.detect.bounds.edge import EDGE_DEG_S
from tracker.detect.strain import TREMBLE_G
from tracker.plot.curves import between, thinned
from tracker.plot.look import DROPPED, EDGE, INK, SOFT, colour
from tracker.plot.story import Story, Told
from tracker.plot.view import View

COLUMNS = 1600
# Where more marks than these are in view they would be a grey mass.
_MOST_MARKS = 400


def shade(axes: Axes, story: Story, view: View, *, named: bool = False) -> None:
    """Holds, dropped ones and gaps behind a panel; named ones can be found in an SVG."""
    for told in story.holds:
        if not view.has(told.start_s, told.end_s):
            continue
        tone = colour(told.name) if told.counted else DROPPED
        span = axes.axvspan(
            told.start_s, told.end_s, color=tone, alpha=0.14 if told.counted else 0.07, linewidth=0
        )
        if named:
            span.set_gid(f"{'hold' if told.counted else 'dropped'}-{told.number}")
    for n, gap in enumerate(story.gaps, 1):
        if view.has(gap.from_s, gap.to_s):
            lost = axes.axvspan(
                gap.from_s, gap.to_s, facecolor="none", edgecolor=SOFT, hatch="////", linewidth=0
            )
            if named:
                lost.set_gid(f"gap-{n}")


def angle(axes: Axes, story: Story, view: View) -> None:
    """Degrees from the rest before, inside a hold of the stretch."""
    seen = story.seen
    t_s, values = between(seen.shown_s, seen.angle_deg, view.from_s, view.to_s)
    axes.plot(*thinned(t_s, values, COLUMNS), color=INK, linewidth=0.9, gid="angle")
    for told in story.holds:
        if told.counted and view.has(told.start_s, told.end_s):
            start_s, end_s = max(told.start_s, view.from_s), min(told.end_s, view.to_s)
            part = between(seen.shown_s, seen.angle_deg, start_s, end_s)
            axes.plot(*thinned(*part, COLUMNS), color=colour(told.name), linewidth=2.2)
    known = values[np.isfinite(values)]
    top = max(float(known.max()) if len(known) else 0.0, 30.0)
    low = min(float(known.min()) if len(known) else 0.0, 0.0)
    axes.set_ylim(low - 3.0, top * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 1.5, 3, 5, 10]))
    axes.set_ylabel("angle, °")
    _labels(axes, story, view)


def _labels(axes: Axes, story: Story, view: View) -> None:
    """Above the angle: what each hold is, how long, and why it ended."""
    for told in story.holds:
        if not view.has(told.start_s, told.end_s):
            continue
        if told.counted:
            _hold_label(axes, told, view)
        else:
            _dropped_label(axes, told, view)


def _hold_label(axes: Axes, told: Told, view: View) -> None:
    name, lasted = f"{told.number}  {told.name.replace('_', ' ')}", f"{told.duration_s:.1f} s"
    side = [] if told.side is None else [told.side]
    full = [name, *side, f"{lasted}, {told.short_reason}"]
    brief = [*name.rsplit(" ", 1), *side, lasted, told.short_reason]
    # It may reach a little over its hold: between two holds the leg moves.
    room = view.letters(told.start_s, told.end_s)
    room += 3 if room >= 3 else 0
    choices = (full, brief, [str(told.number), lasted], [str(told.number)])
    lines = next((lines for lines in choices if max(map(len, lines)) <= room), [])
    axes.annotate(
        "\n".join(lines),
        (view.middle(told.start_s, told.end_s), 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7.5,
        linespacing=1.25,
        color=colour(told.name),
        gid=f"hold-{told.number}-label",
        annotation_clip=False,
    )


def _dropped_label(axes: Axes, told: Told, view: View) -> None:
    few = sum(1 for _ in axes.texts) < _MOST_MARKS
    if not few or view.letters(told.start_s - 2.0, told.end_s + 2.0) < 2:
        return
    axes.annotate(
        f"dropped: {told.short_reason}",
        (told.start_s, 0.98),
        xycoords=("data", "axes fraction"),
        ha="right",
        va="top",
        rotation=90,
        fontsize=6.0,
        color=DROPPED,
        gid=f"dropped-{told.number}-label",
    )


def breath(axes: Axes, story: Story, view: View) -> None:
    """Degrees along the breath inside each hold, its exhales marked and counted."""
    holds = [told for told in story.holds if told.counted and view.has(told.start_s, told.end_s)]
    reach = max([0.5, *(_wave(axes, told, view) for told in holds)])
    axes.set_ylim(-1.5 * reach, 1.25 * reach)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.set_ylabel("breath, °")


def _wave(axes: Axes, told: Told, view: View) -> float:
    """Draw the breath of one hold around its middle; how far it reaches, in degrees."""
    start_s, end_s = max(told.start_s, view.from_s), min(told.end_s - 0.3, view.to_s)
    t_s, values = between(*told.wave, start_s, end_s)
    if not len(t_s):
        return 0.0
    around = values - float(np.median(values))
    gid = f"hold-{told.number}"
    curve = thinned(t_s, around, COLUMNS)
    axes.plot(*curve, color=colour(told.name), linewidth=1.0, gid=f"{gid}-wave")
    breaths = [b for b in told.breaths if start_s <= b.exhale_start_s <= end_s]
    starts = np.array([b.exhale_start_s for b in breaths])
    heights = np.interp(starts, t_s, around)
    axes.plot(starts, heights, "o", markersize=2.6, color=INK, gid=f"{gid}-exhales")
    for b, height in zip(breaths, heights.tolist(), strict=True):
        if view.letters(b.exhale_start_s, b.end_s) >= 2:
            axes.annotate(
                str(b.number), (b.exhale_start_s, height), xytext=(0, -4), ha="center", va="top",
                textcoords="offset points", fontsize=5.5, color=SOFT,
            )  # fmt: skip
    return float(np.percentile(np.abs(around), 98))


def tilt_rate(axes: Axes, story: Story, view: View) -> None:
    seen = story.seen
    t_s, values = between(seen.t_s, seen.rate_deg_s, view.from_s, view.to_s)
    axes.plot(
        *thinned(t_s, np.maximum(values, 0.1), COLUMNS), color=INK, linewidth=0.7, gid="tilt-rate"
    )
    axes.set_yscale("log")
    axes.set_ylim(0.08, 500.0)
    axes.yaxis.set_major_locator(FixedLocator([0.1, 1.0, 10.0, 100.0]))
    _line(axes, EDGE_DEG_S, f"{EDGE_DEG_S:g} °/s: the bound of a hold")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("tilt rate, °/s")


def unrest(axes: Axes, story: Story, view: View) -> None:
    seen = story.seen
    t_s, values = between(seen.t_s, 1000.0 * seen.unrest_g, view.from_s, view.to_s)
    axes.plot(
        *thinned(t_s, np.maximum(values, 0.6), COLUMNS), color=INK, linewidth=0.7, gid="unrest"
    )
    axes.set_yscale("log")
    axes.set_ylim(0.5, 2000.0)
    axes.yaxis.set_major_locator(FixedLocator([1.0, 10.0, 100.0, 1000.0]))
    _line(axes, 1000.0 * TREMBLE_G, f"{1000.0 * TREMBLE_G:g} mg for 3 s: tremble")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("unrest, mg")


def _line(axes: Axes, value: float, text: str) -> None:
    axes.axhline(value, color=EDGE, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.annotate(
        text, (1.0, value), xycoords=("axes fraction", "data"), xytext=(-3, 2), ha="right",
        textcoords="offset points", fontsize=6.5, color=EDGE,
        bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.0},
    )  # fmt: skip
