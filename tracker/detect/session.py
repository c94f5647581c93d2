"""The one door of the detector: blocks of samples in, events out."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tracker.detect.events import (
    EndReason,
    Event,
    Gap,
    HoldEnded,
    HoldStarted,
    SessionEnded,
    SessionStarted,
    Side,
    TargetReached,
)
from tracker.detect.grid import Grid
from tracker.detect.holds import Cells, Keeping, Kept, Left, Vector
from tracker.detect.orientation import CELLS_A_STEP, STEP_S, Orientation
from tracker.detect.samples import Block
from tracker.detect.stretches import Postures, Stretch

Phase = Literal["rest", "moving", "exhale", "inhale"]

GAP_S = 0.5
# Nothing going on for so long: begin again from nothing, so that little is ever folded twice.
IDLE_S = 3000.0
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Settings:
    """What the wearer may choose.

    target_s:      length of a hold at which `target_reached` is stated.
    min_hold_s:    a shorter hold is not counted.
    any_posture:   every posture held away from the preceding rest counts.
    as_hold:       all samples together are one hold.
    side:          the leg, where it is known.
    session_gap_s: so long without a hold or a straightening ends a session.
    """

    target_s: float = 30.0
    min_hold_s: float = 5.0
    any_posture: bool = False
    as_hold: bool = False
    side: Side | None = None
    session_gap_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Live:
    """A point for a display; nothing is decided from it."""

    t_s: float
    angle_deg: float | None
    breath_deg: float | None
    phase: Phase


class Session:
    """Folds the samples of one band and one boot into events.

    The same samples give the same events to the byte, however they are cut into blocks.
    """

    def __init__(self, band_id: str, boot_id: int = 0, settings: Settings = Settings()) -> None:
        self._prefix = f"{band_id}-{boot_id:04x}"
        self._band_id = band_id
        self._settings = settings
        self._live: deque[Live] = deque(maxlen=600)
        self._resume_s: float | None = None
        self._fresh()

    def _fresh(self) -> None:
        self._last_s: float | None = None
        self._session: str | None = None
        self._active_s = 0.0
        self._postures = Postures(any_posture=self._settings.any_posture, side=self._settings.side)
        self._join_fresh()

    def _join_fresh(self) -> None:
        self._grid, self._orientation = Grid(), Orientation()
        self._cells, self._keeping = Cells(), Keeping()
        self._hold: Hold | None = None
        self._step = 0

    @property
    def resume_s(self) -> float | None:
        return self._resume_s

    @property
    def worn(self) -> bool | None:
        return None

    def set_side(self, side: Side | None) -> None:
        self._settings = replace(self._settings, side=side)
        self._postures.side = side

    def take_live(self) -> list[Live]:
        points = list(self._live)
        self._live.clear()
        return points

    def receive(self, block: Block) -> list[Event]:
        events: list[Event] = []
        while len(block):
            block = self._run(block, events)
        return events

    def end_hold(self, reason: EndReason) -> list[Event]:
        events: list[Event] = []
        if self._hold is not None and self._last_s is not None:
            self._end_hold(self._last_s, self._last_s, reason, events)
        return events

    def close(self, reason: EndReason = "closed") -> list[Event]:
        events = self.end_hold(reason)
        if self._last_s is not None:
            self._end_session(self._last_s, events)
        return events

    def _run(self, block: Block, events: list[Event]) -> Block:
        """Fold the first samples of the block; the rest comes back."""
        t_s = block.t_s
        if self._last_s is None:
            if self._resume_s is None:
                self._resume_s = float(t_s[0])
        elif t_s[0] - self._last_s > GAP_S:
            self._gap(self._last_s, float(t_s[0]), events)
        jumps = np.flatnonzero(np.diff(t_s[:_PIECE]) > GAP_S)
        end = int(jumps[0]) + 1 if len(jumps) else min(len(block), _PIECE)
        reset_us = self._fold(block.between(0, end), events)
        if reset_us is not None:
            end = int(np.searchsorted(np.rint(t_s * 1e6), reset_us)) + 1
            self._fresh()
            self._resume_s = float(np.nextafter(t_s[end - 1], np.inf))
        else:
            self._last_s = float(t_s[end - 1])
        return block.between(end)

    def _fold(self, block: Block, events: list[Event]) -> int | None:
        first, cells = self._grid.feed(block)
        if not len(cells):
            return None
        self._cells.add(first, cells[:, :3])
        steps = self._orientation.feed(first, cells)
        rows = zip(steps.up.tolist(), steps.rate.tolist(), steps.unrest.tolist(), strict=True)
        for j, ((x, y, z), rate, unrest) in enumerate(rows, steps.first):
            self._step = j
            kept = self._keeping.step(j, (x, y, z), rate, unrest, self._cells)
            if isinstance(kept, Kept):
                self._on_kept(j, kept, events)
            elif isinstance(kept, Left) and self._hold is not None:
                self._end_hold(j * STEP_S, kept.end_s, "released", events)
            if self._hold is not None:
                self._in_hold(j, (x, y, z), events)
            elif self._idle(j, events):
                return j * CELLS_A_STEP * 40_000
        return None

    def _idle(self, j: int, events: list[Event]) -> bool:
        now = j * STEP_S
        if self._session is not None:
            if now - self._active_s > self._settings.session_gap_s:
                self._end_session(now, events)
                return True
            return False
        return self._resume_s is not None and now - self._resume_s > IDLE_S

    def _on_kept(self, j: int, kept: Kept, events: list[Event]) -> None:
        stretch = self._postures.name(kept.up)
        if stretch is None:
            return
        now = j * STEP_S
        self._start_session(now, kept.start_s, events)
        self._hold = Hold(f"{self._prefix}-{round(kept.start_s * 1000):09d}", stretch, kept.start_s)
        events.append(
            HoldStarted(
                event_id=self._id(now, "hold_started"),
                band_id=self._band_id,
                t_s=_ms(now),
                hold_id=self._hold.hold_id,
                stretch=stretch.name,
                side=stretch.side,
                start_s=_ms(kept.start_s),
                angle_deg=_centi(stretch.angle_deg),
            )
        )

    def _in_hold(self, j: int, up: Vector, events: list[Event]) -> None:
        hold, now = self._hold, j * STEP_S
        assert hold is not None
        self._active_s = now
        if not hold.reached and now - hold.start_s >= self._settings.target_s:
            hold.reached = True
            events.append(
                TargetReached(
                    event_id=self._id(now, "target_reached"),
                    band_id=self._band_id,
                    t_s=_ms(now),
                    hold_id=hold.hold_id,
                    target_s=self._settings.target_s,
                )
            )

    def _end_hold(self, now: float, end_s: float, reason: EndReason, events: list[Event]) -> None:
        hold, self._hold = self._hold, None
        assert hold is not None
        if end_s - hold.start_s < self._settings.min_hold_s:
            return
        self._holds += 1
        self._hold_s += end_s - hold.start_s
        events.append(
            HoldEnded(
                event_id=self._id(now, "hold_ended"),
                band_id=self._band_id,
                t_s=_ms(now),
                hold_id=hold.hold_id,
                stretch=hold.stretch.name,
                side=hold.stretch.side,
                start_s=_ms(hold.start_s),
                end_s=_ms(end_s),
                duration_s=_ms(end_s - hold.start_s),
                angle_deg=_centi(hold.stretch.angle_deg),
                depth_gain_deg=None,
                breaths=0,
                breath_rate_bpm=None,
                exhale_inhale_ratio=None,
                steadiness_deg=None,
                twist_deg=None,
                reason=reason,
            )
        )

    def _start_session(self, now: float, start_s: float, events: list[Event]) -> None:
        self._active_s = now
        if self._session is not None:
            return
        self._session = f"{self._prefix}-{round(start_s * 1000):09d}"
        self._holds, self._hold_s = 0, 0.0
        events.append(
            SessionStarted(
                event_id=self._id(now, "session_started"),
                band_id=self._band_id,
                t_s=_ms(now),
                session_id=self._session,
            )
        )

    def _end_session(self, now: float, events: list[Event]) -> None:
        if self._session is None:
            return
        events.append(
            SessionEnded(
                event_id=self._id(now, "session_ended"),
                band_id=self._band_id,
                t_s=_ms(now),
                session_id=self._session,
                holds=self._holds,
                hold_s=_ms(self._hold_s),
            )
        )
        self._session = None

    def _gap(self, from_s: float, to_s: float, events: list[Event]) -> None:
        if self._hold is not None:
            self._end_hold(from_s, from_s, "gap", events)
        events.append(
            Gap(
                event_id=self._id(to_s, "gap"),
                band_id=self._band_id,
                t_s=_ms(to_s),
                from_s=_ms(from_s),
                to_s=_ms(to_s),
            )
        )
        self._join_fresh()

    def _id(self, t_s: float, kind: str) -> str:
        return f"{self._prefix}-{round(t_s * 1000):09d}-{kind}"


@dataclass(slots=True)
class Hold:
    hold_id: str
    stretch: Stretch
    start_s: float
    reached: bool = False


def _ms(t_s: float) -> float:
    return round(t_s, 3)


def _centi(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 2)
