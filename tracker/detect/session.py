"""The one door of the detector: blocks of samples in, events out."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from functools import partial

import numpy as np

from tracker.detect.events import EndReason, Event, Gap, Side
from tracker.detect.live import Glimpse, Live, Phase, points
from tracker.detect.motion.bridge import AROUND, Bridge
from tracker.detect.motion.cells import Cells
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELL_S, CELL_US, Grid
from tracker.detect.motion.orientation import (
    CELLS_A_STEP,
    GRAVITY_DELAY_S,
    STEP_S,
    Orientation,
    Rows,
)
from tracker.detect.posture.taught import Posed, Taught
from tracker.detect.routine import Routine
from tracker.detect.samples import Block, Floats
from tracker.detect.settings import Settings
from tracker.detect.stamps import Stamps, ms
from tracker.detect.trace import Trace
from tracker.detect.waiting import Waiting

__all__ = ["Live", "Phase", "Session", "Settings"]

# Five steps of the slowest allowed rate are 0.4 s, so half a second is a gap at any rate.
GAP_S = 0.5
# With nothing going on, begin again from nothing after so long, so that little is folded twice.
# That a band is off the leg is not known then, nor found out again in a bag: there it may wait.
IDLE_S, OFF_IDLE_S = 3000.0, 12000.0
# Blocks are folded in pieces: a reset in the middle of one costs at most this many samples twice.
_PIECE = 8192
# So many cells behind a gap a direction, low-passed, still shows what is before them.
_SHOWS_LATE = math.ceil(GRAVITY_DELAY_S / CELL_S)
_LIVE_S = 60.0
_SHOWN = round(_LIVE_S / STEP_S)
_DEFAULT = Settings()


class Session:
    """Folds the samples of one band and one boot into events.

    The same samples give the same events to the byte, however they are cut into blocks.
    """

    def __init__(
        self,
        band_id: str,
        boot_id: int = 0,
        settings: Settings = _DEFAULT,
        trace: Trace | None = None,
    ) -> None:
        """trace: is told what is seen and why it is decided so."""
        self._trace = trace
        self._stamps = Stamps(band_id, boot_id)
        self._settings = settings
        self._glimpses: deque[Glimpse] = deque(maxlen=_SHOWN)
        self._shown_from = 0
        self._shown: Live | None = None
        self._resume_s: float | None = None
        # Of the samples that are folded: when the last one was.
        self._last_s: float | None = None
        self._waiting = Waiting()
        self._untold: list[Event] = []
        self._watched = False
        self._step = 0
        self._fresh()

    @property
    def resume_s(self) -> float | None:
        """A fresh Session that is given the samples from here on states the same further events.

        None before the first sample. Wearer's commands before this moment have to be given to the
        fresh session again: they are not in the samples.
        """
        return self._resume_s

    @property
    def worn(self) -> bool | None:
        """Is the band on a leg? None while it cannot be told."""
        return self._routine.worn

    @property
    def posed(self) -> Posed | None:
        """The posture that is kept at the last sample, where there was a rest before."""
        return self._routine.posed

    @property
    def holding(self) -> str | None:
        """The hold_id of the hold that is going on."""
        return None if self._routine.held is None else self._routine.held.hold_id

    @property
    def staying(self) -> bool:
        """A hold goes on and the leg is not on its way out of it."""
        return self._routine.held is not None and not self._routine.leaving

    def receive(self, block: Block) -> list[Event]:
        """The events that the samples make sure.

        Samples that are not later than the one before, given a second time for one, are passed by.
        While neither a hold nor a breath can begin or end they wait for the next ones, 2 s at
        most, since a few cost as much to fold as many; and with them what else they show, as
        straightenings. None waits once points for a display were taken.
        """
        last_g = self._waiting.add(block)
        if last_g is not None and self._waiting.silent and not self._routine.strays(last_g):
            return []
        return self._catch_up()

    def end_hold(self, reason: EndReason) -> list[Event]:
        """End the hold at the last sample by the wearer's command; [] when none is held."""
        events = self._catch_up()
        if self._last_s is None:
            return events
        return [*events, *self._routine.end_hold(self._last_s, self._last_s, reason)]

    def close(self, reason: EndReason = "closed") -> list[Event]:
        """End an open hold and the session at the last sample."""
        events = self.end_hold(reason)
        if self._last_s is None:
            return events
        return [*events, *self._routine.tally.ended(self._last_s)]

    def set_side(self, side: Side | None) -> None:
        """The wearer says which leg it is, or None: find out."""
        self._untold = self._catch_up()
        self._settings = replace(self._settings, side=side)
        self._routine.postures.side = side

    def set_taught(self, taught: tuple[Taught, ...]) -> None:
        """The wearer's own postures, from here on."""
        self._untold = self._catch_up()
        self._settings = replace(self._settings, taught=taught)
        self._routine.postures.taught = taught

    def take_live(self) -> list[Live]:
        """Points for a display since the last call, the last minute at most."""
        self._watched = True
        self._untold = self._catch_up()
        steps = [point for glimpse in self._glimpses for point in glimpse.points()]
        shown = list(points(self._shown, steps[-_SHOWN:]))
        if shown:
            self._shown = shown[-1]
        self._glimpses.clear()
        return shown

    def _catch_up(self) -> list[Event]:
        """Fold the samples that wait; what they make sure, and what was not told yet."""
        events, self._untold = self._untold, []
        block = self._waiting.take()
        if block is None:
            return events
        left = len(block.t_s)
        self._shown_from = int((block.t_s.item(-1) - _LIVE_S) / STEP_S)
        while left:
            count = self._run(block, events)
            left -= count
            if left:
                block = block.between(count)
        self._waiting.silent_until_s = self._silent_s()
        return events

    def _silent_s(self) -> float:
        """Until when nothing that is told at once can be sure."""
        if self._watched or self._bridge is not None:
            return -math.inf
        return self._routine.silent_until_s(self._step)

    def _fresh(self) -> None:
        self._routine = Routine(self._settings, self._stamps, self._trace)
        self._grain = Grain()
        self._refill()

    def _refill(self) -> None:
        self._grid, self._orientation = Grid(), Orientation()
        self._cells = Cells(self._grain)
        self._bridge: Bridge | None = None

    def _run(self, block: Block, events: list[Event]) -> int:
        """Fold the first samples of the block; how many."""
        t_s = block.t_s[:_PIECE]
        first_s = t_s.item(0)
        if self._resume_s is None:
            self._resume_s = first_s
        if self._last_s is not None and first_s - self._last_s > GAP_S:
            self._gap(self._last_s, first_s, events)
        count = _together(t_s)
        reset = self._fold(block if count == len(block.t_s) else block.between(0, count), events)
        if reset is not None:
            count = int(np.searchsorted(np.rint(t_s[:count] * 1e6), reset * CELL_US)) + 1
        self._last_s = t_s.item(count - 1)
        if reset is not None:
            self._begin_afresh(self._last_s)
        return count

    def _begin_afresh(self, after_s: float) -> None:
        self._fresh()
        self._resume_s = float(np.nextafter(after_s, np.inf))

    def _fold(self, block: Block, events: list[Event]) -> int | None:
        """Fold samples without a gap; the number of the cell after which to begin afresh."""
        self._grain.feed(block)
        first, cells = self._grid.feed(block)
        if not cells.shape[1]:
            return None
        if self._bridge is None:
            return self._decide(first, cells, events)
        self._bridge.add(first, cells)
        return self._cross(self._bridge, events) if self._bridge.sure else None

    def _cross(self, bridge: Bridge, events: list[Event]) -> int | None:
        """Fold the gap and the cells behind it; the number of the cell, as `_fold`."""
        self._bridge = None
        lost, seen = bridge.span
        self._routine.lost(lost, seen)
        reset = self._decide(*bridge.laid(), events, seen=seen)
        return None if reset is None else max(reset, seen + AROUND - 1)

    def _decide(
        self, first: int, cells: Floats, events: list[Event], *, seen: int = 0
    ) -> int | None:
        """Fold cells that follow the ones before; `seen`: the first one behind a gap in them."""
        self._cells.add(first, cells[:3])
        rows = self._orientation.feed(first, cells)
        count = len(rows.ups)
        if seen:
            shows = -(-(seen + _SHOWS_LATE) // CELLS_A_STEP)
            rows = rows._replace(unseen=min(max(shows - rows.first, 0), count))
        sure_s = (seen + AROUND - 1) * CELL_S
        routine = self._routine
        routine.look_ahead(rows, self._grain)
        row, show = 0, partial(self._show, rows)
        while row < count:
            passed = row
            if row < rows.unseen:
                events += routine.step_unseen(rows, row, sure_s)
                passed += 1
            elif routine.at_ease:
                end = self._surely_open(rows, row)
                passed, stated = routine.pass_over(rows, row, end, show)
                events += stated
            if passed == row:
                events += routine.step(rows, row, self._cells)
                passed += 1
                show(row, passed)
            row = passed
            if self._over((rows.first + row - 1) * STEP_S, events):
                self._tell(rows, row)
                return (rows.first + row - 1) * CELLS_A_STEP
        self._tell(rows, row)
        if count:
            self._step = rows.first + count - 1
        return None

    def _tell(self, rows: Rows, count: int) -> None:
        """The trace hears of the first steps, which are the ones that were folded."""
        if self._trace is not None:
            self._trace.saw(rows.steps(count))

    def _surely_open(self, rows: Rows, row: int) -> int:
        """Up to which row neither a session nor idleness is over, even if a session begins here."""
        gap = int(self._settings.session_gap_s / STEP_S)
        tally = self._routine.tally
        if tally.session is not None:
            over = int(tally.active_s / STEP_S) + gap
        else:
            over = int(self._idle_until_s / STEP_S)
        return min(max(over - 1 - rows.first, row), row + gap, len(rows.ups))

    @property
    def _idle_until_s(self) -> float:
        """Until then nothing is forgotten: not where somebody has just put the band on either."""
        resume_s = self._resume_s or 0.0
        if self._routine.worn is False:
            return resume_s + OFF_IDLE_S
        return max(resume_s, self._routine.worn_since_s) + IDLE_S

    def _over(self, now_s: float, events: list[Event]) -> bool:
        routine = self._routine
        if routine.held is not None:
            return False
        if routine.tally.session is not None:
            if now_s - routine.tally.active_s <= self._settings.session_gap_s:
                return False
            events += routine.tally.ended(now_s)
            return routine.worn is not False
        return self._resume_s is not None and now_s > self._idle_until_s

    def _gap(self, from_s: float, to_s: float, events: list[Event]) -> None:
        if self._bridge is not None and not self._bridge.reaches:
            lost_s = self._bridge.from_s  # what was seen in between is too little to tell anything
        else:
            lost_s = from_s
            if self._bridge is not None and self._cross(self._bridge, events) is not None:
                self._begin_afresh(from_s)
        last = self._cells.last
        if last is not None and to_s - lost_s < self._routine.patience_s:
            before = self._cells.span(last - AROUND + 1, last)[1].T
            self._grid, self._bridge = Grid(), Bridge(lost_s, last, before)
        else:
            events += self._routine.lose_sight(lost_s, to_s)
            self._refill()
        events.append(
            Gap(
                **self._stamps.at(to_s, "gap"),
                from_s=ms(from_s),
                to_s=ms(to_s),
            )
        )

    def _show(self, rows: Rows, row: int, end: int) -> None:
        row = max(row, self._shown_from - rows.first)
        if row < end:
            routine, ups = self._routine, rows.ups[row:end]
            held = routine.held
            since = routine.rest if held is None else held.stretch
            depth_deg = None if held is None else held.depth_deg
            self._glimpses.append(Glimpse(rows.first + row, ups, since, depth_deg, routine.phase))


def _together(t_s: Floats) -> int:
    """How many samples there are before the first gap."""
    if t_s.item(-1) - t_s.item(0) <= GAP_S:
        return len(t_s)
    jumps = (t_s[1:] - t_s[:-1] > GAP_S).nonzero()[0]
    return jumps.item(0) + 1 if len(jumps) else len(t_s)
