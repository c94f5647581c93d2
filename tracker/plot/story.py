"""What is there to tell about a recording: its holds with their reasons, and all beside them?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tracker.detect.events import (
    Breath,
    EndReason,
    Gap,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    Rep,
    Side,
    Strain,
    Worn,
)
from tracker.detect.held import Held
from tracker.detect.motion.cells import angle_deg
from tracker.detect.posture.upright import posture
from tracker.detect.samples import Floats
from tracker.detect.settings import Settings
from tracker.detect.trace import Departed, Discarded, Holding, Stopped
from tracker.plot.clock import written
from tracker.plot.witness import Seen, Witness
from tracker.words import count

_RESTS = {"upright": "standing", "lying": "lying", "knee_up": "knee up", "other": "rest"}
# Why a hold ended, at length and in a word or two.
_ENDS: dict[EndReason, tuple[str, str]] = {
    "gap": ("samples are missing from then on", "gap"),
    "reboot": ("the band started anew", "reboot"),
    "pain": ("the wearer said pain", "pain"),
    "command": ("the wearer ended it", "command"),
    "closed": ("the recording ends", "recording ends"),
}
# Within this of the last rest it is that rest again.
_SAME_DEG = 10.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A posture that was kept, and what it was taken for."""

    start_s: float
    end_s: float
    name: str
    is_stretch: bool


@dataclass(slots=True)
class Told:
    """A hold, counted or dropped, with the reasons of its start and end.

    number: from 1 on, counted holds and dropped ones each for themselves.
    wave:   seconds and degrees along the breath, from before the start until after the end.
    """

    hold_id: str
    number: int
    name: str
    side: Side | None
    start_s: float
    end_s: float
    counted: bool
    began: str
    ended: str
    short_reason: str
    held: Held
    end: HoldEnded | None = None
    breaths: list[Breath] = field(default_factory=list)
    strains: list[Strain] = field(default_factory=list)
    wave: tuple[Floats, Floats] = (np.empty(0), np.empty(0))

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def title(self) -> str:
        """`hamstring, right`"""
        words = self.name.replace("_", " ")
        return words if self.side is None else f"{words}, {self.side}"


@dataclass(frozen=True, slots=True)
class Story:
    """A recording as it is drawn."""

    seen: Seen
    start_s: float
    end_s: float
    holds: list[Told]
    kept: list[Kept]
    slips: list[tuple[float, float]]
    reps: list[Rep]
    gaps: list[Gap]
    worn: list[tuple[float, float, bool | None]]


def story(witness: Witness, settings: Settings) -> Story:
    """Everything the witness heard, put in order."""
    seen, events = witness.seen(), witness.events
    start_s = float(seen.t_s[0]) if len(seen.t_s) else 0.0
    end_s = float(seen.t_s[-1]) if len(seen.t_s) else 0.0
    holds = _holds(witness, seen, settings)
    return Story(
        seen=seen,
        start_s=start_s,
        end_s=end_s,
        holds=holds,
        kept=_kept(witness, end_s),
        slips=[
            (from_s, to_s)
            for from_s, to_s in witness.slips()
            if any(told.start_s < from_s and to_s < told.end_s for told in holds)
        ],
        reps=[event for event in events if isinstance(event, Rep)],
        gaps=[event for event in events if isinstance(event, Gap)],
        worn=_worn(witness, start_s, end_s),
    )


def _holds(witness: Witness, seen: Seen, settings: Settings) -> list[Told]:
    """Each hold_started with what became of it."""
    starts = {e.hold_id: e for e in witness.events if isinstance(e, HoldStarted)}
    ends = {e.hold_id: e for e in witness.events if isinstance(e, HoldEnded)}
    drops = {e.hold_id: e for e in witness.events if isinstance(e, HoldDropped)}
    discards = {n.hold_id: n for n in witness.notes if isinstance(n, Discarded)}
    found: dict[str, Told] = {}
    for holding in (note for note in witness.notes if isinstance(note, Holding)):
        held = holding.held
        start = starts[held.hold_id]
        end, drop = ends.get(held.hold_id), drops.get(held.hold_id)
        if end is not None:
            ended, short = _ended(end)
            end_s, name, side = end.end_s, end.stretch, end.side
        elif drop is not None:
            discard = discards[held.hold_id]
            ended, short = _dropped(discard, start, settings)
            end_s, name, side = discard.end_s, start.stretch, start.side
        else:
            continue
        number = 1 + sum(told.counted == (end is not None) for told in found.values())
        found[held.hold_id] = Told(
            hold_id=held.hold_id,
            number=number,
            name=name,
            side=side,
            start_s=start.start_s,
            end_s=end_s,
            counted=end is not None,
            began=_began(holding, start, settings),
            ended=ended,
            short_reason=short,
            held=held,
            end=end,
            wave=_wave(held, seen, start.start_s - 3.0, end_s + 3.0),
        )
    for event in witness.events:
        if isinstance(event, Breath) and event.hold_id in found:
            found[event.hold_id].breaths.append(event)
        elif isinstance(event, Strain) and event.hold_id in found:
            found[event.hold_id].strains.append(event)
    return list(found.values())


def _began(holding: Holding, start: HoldStarted, settings: Settings) -> str:
    """Why it is a hold, and why of this stretch."""
    if settings.as_hold:
        return "the whole recording is asked for as one hold"
    held, late_s = holding.held, start.t_s - start.start_s
    if not held.stretch.rest_known:
        return f"raised to where the leg was found first, sure after {late_s:.1f} s"
    turned = angle_deg(held.origin, held.stretch.rest)
    rest = _RESTS[posture(held.stretch.rest)]
    return f"still {turned:.0f}° from {rest}, sure after {late_s:.1f} s"


def _ended(end: HoldEnded) -> tuple[str, str]:
    if end.reason == "released":
        return f"left and not back, sure after {end.t_s - end.end_s:.1f} s", "released"
    return _ENDS[end.reason]


def _dropped(discard: Discarded, start: HoldStarted, settings: Settings) -> tuple[str, str]:
    if discard.why == "lifeless":
        return "dropped: stiller than any leg", "no leg"
    if discard.why == "rest":
        return "dropped: where the leg rests, as it turned out", "rest"
    lasted = f"{max(discard.end_s - start.start_s, 0.0):.1f} s"
    return f"dropped: {lasted}, shorter than {settings.min_hold_s:g} s", f"short, {lasted}"


def _wave(held: Held, seen: Seen, from_s: float, to_s: float) -> tuple[Floats, Floats]:
    """Degrees along the breath, as the detector's Held measures them from its origin."""
    first, last = seen.t_s.searchsorted([from_s, to_s])
    away = seen.up[:, first:last] - np.array(held.origin)[:, None]
    x, y = held.breaths.way
    along = x * np.array(held.stretch.deeper) + y * np.array(held.sideways)
    return seen.t_s[first:last], np.degrees(along @ away)


def _kept(witness: Witness, end_s: float) -> list[Kept]:
    kept: list[Kept] = []
    open_: Stopped | None = None
    # Out of sight nothing is kept; and so at the very end.
    lost = [gap.from_s for gap in witness.events if isinstance(gap, Gap)]
    over = [Departed(t_s, t_s, (0.0, 0.0, 0.0)) for t_s in (*lost, end_s)]
    for note in sorted([*witness.notes, *over], key=lambda note: note.t_s):
        if isinstance(note, Stopped):
            open_ = note
        elif isinstance(note, Departed) and open_ is not None:
            kept.append(_named(open_, note.end_s))
            open_ = None
    return kept


def _named(stop: Stopped, end_s: float) -> Kept:
    if stop.stretch is not None:
        return Kept(stop.start_s, end_s, stop.stretch.name, is_stretch=True)
    kind = posture(stop.up)
    if kind in {"knee_up", "other"} and stop.rest is not None:
        turned, rest = angle_deg(stop.up, stop.rest), _RESTS[posture(stop.rest)]
        name = rest if turned < _SAME_DEG else f"no stretch: {turned:.0f}° from {rest}"
    else:
        name = _RESTS[kind]
    return Kept(stop.start_s, end_s, name, is_stretch=False)


def _worn(witness: Witness, start_s: float, end_s: float) -> list[tuple[float, float, bool | None]]:
    """From, to, worn; None while it was not known."""
    spans: list[tuple[float, float, bool | None]] = []
    since_s, worn = start_s, None
    for event in witness.events:
        if isinstance(event, Worn):
            spans.append((since_s, event.t_s, worn))
            since_s, worn = event.t_s, event.worn
    return [*spans, (since_s, end_s, worn)]


def summary(told: Told) -> str:
    """The figures of a hold in a line; a dash for what is not known."""
    end = told.end
    if end is None:
        return told.ended
    parts = [f"{told.duration_s:.1f} s"]
    if end.angle_deg is not None:
        parts.append(f"{end.angle_deg:.0f}°")
    parts.append(count(end.breaths, "breath"))
    rate = end.breath_rate_bpm
    parts.append("rate not sure" if rate is None else f"{rate:.1f} /min")
    if end.depth_gain_deg is not None:
        parts.append(f"gain {end.depth_gain_deg:+.1f}°")
    return " · ".join(parts)


def when(told: Told) -> str:
    """`1:15.3 – 1:52.0`"""
    return f"{written(told.start_s, tenths=True)} – {written(told.end_s, tenths=True)}"
