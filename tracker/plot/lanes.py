"""When was what kept, the band worn, the leg straightened, slipping or strained? A row each."""

from __future__ import annotations

from matplotlib.axes import Axes

from tracker.plot.look import CALM, DROPPED, EDGE, FAINT, INK, REPS, SOFT, colour
from tracker.plot.story import Story
from tracker.plot.view import View

_LANES = ("kept", "worn", "straightenings", "slips", "strain")
_WORN: dict[bool | None, tuple[str, str]] = {
    True: (CALM, "on the leg"),
    False: (DROPPED, "off the leg"),
    None: (FAINT, "not known yet"),
}


def lanes(axes: Axes, story: Story, view: View) -> None:
    """One row each, the first on top."""
    rows = {name: len(_LANES) - 1 - i for i, name in enumerate(_LANES)}
    axes.set_ylim(-0.6, len(_LANES) - 0.4)
    axes.set_yticks(list(rows.values()), list(rows))
    axes.tick_params(axis="y", length=0)
    for kept in story.kept:
        tone = colour(kept.name) if kept.is_stretch else SOFT
        words = kept.name.replace("_", " ")
        _bar(axes, view, rows["kept"], (kept.start_s, kept.end_s), tone, words)
    for start_s, end_s, worn in story.worn:
        _bar(axes, view, rows["worn"], (start_s, end_s), *_WORN[worn])
    row = rows["straightenings"]
    for n, rep in enumerate(story.reps, 1):
        _bar(axes, view, row, (rep.start_s, rep.end_s), REPS, str(n), f"rep-{n}")
        if view.has(rep.top_s, rep.top_s):
            axes.plot(rep.top_s, row + 0.33, "v", markersize=3, color=REPS)
    for n, slip in enumerate(story.slips, 1):
        _bar(axes, view, rows["slips"], slip, DROPPED, "", f"slip-{n}")
    strains = [strain for told in story.holds for strain in told.strains]
    for n, strain in enumerate(strains, 1):
        if view.has(strain.t_s, strain.t_s):
            axes.annotate(
                strain.kind, (strain.t_s, rows["strain"]), ha="center", va="center", fontsize=6.5,
                color=EDGE, gid=f"strain-{n}",
            )  # fmt: skip


def _bar(
    axes: Axes,
    view: View,
    row: int,
    span: tuple[float, float],
    tone: str,
    text: str,
    gid: str | None = None,
) -> None:
    start_s, end_s = span
    if not view.has(start_s, end_s):
        return
    (bar,) = axes.barh(row, end_s - start_s, left=start_s, height=0.55, color=tone, alpha=0.55)
    if gid is not None:
        bar.set_gid(gid)
    if text and view.letters(start_s, end_s) >= len(text) + 1:
        middle_s = view.middle(start_s, end_s)
        axes.text(middle_s, row, text, ha="center", va="center_baseline", fontsize=6.5, color=INK)
