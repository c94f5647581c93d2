"""What does the wearer do: rest, straighten a leg, or hold it?

Folds steps into events. One Routine lives from a fresh start to the end of a session, over gaps.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator

from tracker.detect.bounds.holds import CALM_G, Keeping
from tracker.detect.bounds.kept import Kept, Left
from tracker.detect.bounds.settling import settled_s
from tracker.detect.breath.habit import Habit
from tracker.detect.events import INNER_THIGH, OTHER, DropReason, EndReason, Event, Worn
from tracker.detect.held import SETTLING_S, Held
from tracker.detect.live import Phase
from tracker.detect.motion.cells import Cells, Vector
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.orientation import STEP_S, Rows
from tracker.detect.motion.turning import UNKNOWN, Limb
from tracker.detect.posture.life import Life
from tracker.detect.posture.naming import Postures
from tracker.detect.posture.pauses import Pauses
from tracker.detect.posture.resting import Resting
from tracker.detect.posture.stays import Stays
from tracker.detect.posture.stretches import Stretch, unknown
from tracker.detect.posture.taking_off import TAKES_S, TakingOff
from tracker.detect.posture.taught import Posed
from tracker.detect.posture.worn import LOOKED_AT_S, Found, Wear
from tracker.detect.settings import Settings
from tracker.detect.stamps import Stamps
from tracker.detect.straightenings import Straightenings
from tracker.detect.tally import Tally
from tracker.detect.trace import Departed, Discarded, Holding, Stopped, Strayed, Trace

# A hold is known two seconds after it began; its first steps are folded then. Whether a leg was in
# what was a rest is asked of its last half minute.
_RECENT = round(32.0 / STEP_S)


class Routine:
    """Folds steps, or passes over those on which nothing changes."""

    def __init__(self, settings: Settings, stamps: Stamps, trace: Trace | None = None) -> None:
        self._settings, self._stamps, self._trace = settings, stamps, trace
        self.wear = Wear()
        self.postures = Postures(
            any_posture=settings.any_posture,
            side=settings.side,
            taught=settings.taught,
            ahead=self.wear.swung,
        )
        self._found: deque[Found] = deque()
        self.worn: bool | None = None
        self.worn_since_s = -math.inf
        self._taking_off, self._resting = TakingOff(), Resting()
        self.held: Held | None = None
        self.tally = Tally(stamps)
        self._habit = Habit()
        self._straightenings = Straightenings(self.postures, self.tally, stamps)
        self._pauses = Pauses(self.postures)
        # With any posture, as soon as the leg was seen: what is kept away from their rest is held.
        # What it is called goes by the rests that a stretch begins from, as ever.
        self._stays: Stays | None = None
        self._held_until_s = -math.inf
        self._calm_again()

    def _calm_again(self) -> None:
        self._keeping = Keeping(self._settings.min_hold_s)
        self._recent: deque[tuple[float, Vector, float]] = deque(maxlen=_RECENT)
        self._kept: tuple[float, Vector] | None = None
        # When what was kept last was left.
        self._left_s = 0.0

    @property
    def phase(self) -> Phase:
        if self.held is not None:
            deepening = self.held.breaths.deepening
            return "hold" if deepening is None else "exhale" if deepening else "inhale"
        return "rest" if self._keeping.still else "moving"

    @property
    def posed(self) -> Posed | None:
        """What is kept, be it a rest or a stretch, where there was a rest before."""
        up = self._keeping.anchor
        if self._kept is None or up is None:
            return None
        since_s, rest = self._kept
        return Posed(since_s, up, rest, self.postures.seat)

    @property
    def leaving(self) -> bool:
        """Away from what was kept: a slip, or the end of it."""
        return self._keeping.leaving

    def look_ahead(self, rows: Rows, grain: Grain) -> None:
        """The next steps: whether the band is worn is found out from all of them at once."""
        seen = rows.unseen
        up = rows.part(seen, len(rows.ups))
        self._found.extend(self.wear.feed(rows.first + seen, rows.ups[seen:], grain, up))

    @property
    def at_ease(self) -> bool:
        """Rows may be passed over."""
        return self._keeping.settled and self._at_home

    @property
    def _at_home(self) -> bool:
        """It is known away from what something is, or would be, held."""
        if self._settings.as_hold:
            return False
        return self._stays is not None or not self._settings.any_posture

    @property
    def rest(self) -> Vector | None:
        """What something is, or would be, held away from."""
        return self.postures.rest if self._stays is None else self._stays.rest

    def pass_over(
        self, rows: Rows, row: int, end: int, show: Callable[[int, int], None]
    ) -> tuple[int, list[Event]]:
        """Fold rows on which no posture is taken or left, `end` at most: the first other one.

        `step` would state the same events row by row. `show` is told up to which row a display
        shows them as it shows the first of them.
        """
        rest = self.rest
        if self._found:
            end = min(end, self._found[0].step - rows.first)
        passed = self._keeping.pass_over(rows, row, end)
        if passed == row:
            return row, []
        times_s = rows.times_s(row, passed)
        ups, unrests = rows.ups[row:passed], rows.unrests[row:passed]
        self.postures.passed(times_s, ups, *rows.along(row, passed))
        if self._keeping.keeps:
            self._straightenings.calm_s = times_s[-1]
        if rows.most_unrest > CALM_G:
            felt = zip(times_s, unrests, strict=True)
            self._straightenings.restless([t_s for t_s, unrest in felt if unrest > CALM_G])
        last = slice(-_RECENT, None)
        self._recent.extend(zip(times_s[last], ups[last], unrests[last], strict=True))
        events: list[Event] = []
        if self.held is None:
            show(row, passed)
        else:
            for k, t_s in enumerate(times_s, row):
                events += self._in_hold(self.held, t_s, rows.ups[k], rows.unrests[k])
                show(k, k + 1)
        if rest is not None:
            events += self._straightenings.feed(times_s, ups, rows.part(row, passed), rest)
        self.postures.swung_until(times_s[-1])
        if self.held is not None and len(events) > 1:
            events.sort(key=lambda event: event.t_s)
        return passed, events

    def step(self, rows: Rows, row: int, cells: Cells) -> Iterator[Event]:
        """Fold one row."""
        j, up, rate, unrest = rows.first + row, rows.ups[row], rows.rates[row], rows.unrests[row]
        now_s = j * STEP_S
        self.postures.swung_until(now_s)
        if self._found and self._found[0].step == j:
            yield from self._on_found(now_s, self._found.popleft())
        self._recent.append((now_s, up, unrest))
        if self._settings.as_hold:
            yield from self._as_hold(now_s, up, unrest)
            return
        if self._settings.any_posture and self._stays is None:
            # Whatever there is to hold away from, it is where the leg was at first.
            self._stays = Stays(up, self._settings.min_hold_s)
        self.postures.passed((now_s,), (up,), up[1], up[1])
        turn = self._keeping.step(j, up, rate, unrest, cells)
        if isinstance(turn, Kept):
            yield from self._on_kept(now_s, turn, cells)
        elif isinstance(turn, Left):
            yield from self._on_left(now_s, turn, cells)
        elif self.held is not None:
            yield from self._in_hold(self.held, now_s, up, unrest)
        if self._keeping.keeps:
            self._straightenings.calm_s = now_s
        if unrest > CALM_G:
            self._straightenings.restless((now_s,))
        if (rest := self.rest) is not None:
            yield from self._straightenings.step(now_s, up, rest)

    def step_unseen(self, rows: Rows, row: int, sure_s: float) -> Iterator[Event]:
        """Fold one row of what may have been while samples were missing for a moment.

        sure_s: when enough was seen behind them.
        """
        j = rows.first + row
        self._keeping.step_unseen(j, rows.rates[row], rows.unrests[row])
        if self.held is not None:
            yield from self.held.step_unseen(j * STEP_S, sure_s)

    def end_hold(
        self, now_s: float, end_s: float, reason: EndReason, still_s: float | None = None
    ) -> Iterator[Event]:
        """End the hold, if there is one. No more of it counts than `still_s`."""
        held, self.held = self.held, None
        if held is None:
            return
        self._held_until_s = end_s
        lasted_s = end_s - held.start_s
        if still_s is not None:
            lasted_s = min(lasted_s, still_s)
        why = None if self._settings.as_hold else self._why_none(held, lasted_s)
        if why is not None:
            if why == "lifeless" and held.stretch.name != OTHER:
                self.postures.forget_rest()
            yield self._dropped(held, now_s, end_s, why)
            return
        self._straightenings.restart()
        self.postures.counted(held.stretch, end_s)
        self.tally.held(end_s - held.start_s)
        if self.worn is not False and held.shows_life():
            self._taking_off.held(end_s)
        yield from held.ended(now_s, end_s, reason)

    def _why_none(self, held: Held, lasted_s: float) -> DropReason | None:
        """Why what was told as a hold was none, now that it is over; None: it was one."""
        if lasted_s < self._settings.min_hold_s:
            return "short"
        off = self.worn is False
        unseen = off and lasted_s >= LOOKED_AT_S and not held.shows_life()
        if unseen or held.lifeless(off=off):
            return "lifeless"
        return "rest" if held.rests() else None

    def _dropped(self, held: Held, now_s: float, end_s: float, why: DropReason) -> Event:
        if self._trace is not None:
            self._trace.told(Discarded(now_s, held.hold_id, end_s, why))
        return held.dropped(now_s, why)

    @property
    def patience_s(self) -> float:
        """Samples that are missing for less than so long hide no more than a slip."""
        return self._keeping.return_s

    def strays(self, acc_g: Vector) -> bool:
        """Does a sample show the leg away from where it is kept?"""
        return self._keeping.strays(acc_g)

    def silent_until_s(self, j: int) -> float:
        """Before then neither a hold nor a breath can turn out to have begun or ended.

        As far as is known at step j, the last that was folded.
        """
        if not self._at_home:
            return -math.inf
        decides_s = self._keeping.decides_at(j) * STEP_S
        if self.held is None:
            return decides_s
        return min(decides_s, self.held.silent_until_s(j * STEP_S, self._settings.target_s))

    def lost(self, lost_from: int, seen_from: int) -> None:
        """The samples between these cells are missing; what may have been there is folded next."""
        self._keeping.sight.lose(lost_from, seen_from)

    def lose_sight(self, from_s: float, to_s: float) -> Iterator[Event]:
        """Samples are missing for so long that nothing is known of what the leg did."""
        self._straightenings.restart()
        if not self._settings.as_hold:
            yield from self.end_hold(to_s, self._keeping.kept_until_s(from_s), "gap")
        self._calm_again()
        self._pauses.lose_sight()
        self._taking_off.lose_sight()
        if self._stays is not None:
            self._stays.lose_sight()

    def _on_kept(self, now_s: float, kept: Kept, cells: Cells) -> Iterator[Event]:
        start_s = self._settled_s(cells, kept, UNKNOWN)
        self._taking_off.moved(self._left_s, start_s)
        way = [up for t_s, up, _ in self._recent if t_s > self._left_s]
        worn = self._taking_off.surely(worn=self.worn)
        taken_off = not worn or start_s - self._left_s >= TAKES_S
        if self._resting.handled(way, taken_off=taken_off):
            self.postures.handled()
        named, rest = self.postures.name(kept.up), self.postures.rest
        self._kept = None if rest is None else (start_s, rest)
        stretch, stays = named, self._stays
        if stays is not None:
            stays.begun(start_s, cells, way)
            stretch, rest = self._held_away(stays, kept.up, named), stays.rest
        if self._trace is not None:
            self._trace.told(Stopped(now_s, start_s, kept.up, rest, stretch))
        if named is None:
            self._pauses.begun(kept.up, start_s)
        if stretch is not None:
            yield from self._on_stretch(now_s, stretch, kept, cells)

    def _held_away(self, stays: Stays, up: Vector, named: Stretch | None) -> Stretch | None:
        """Any posture: what is held, also where it has no name; None: the rest."""
        if stays.rests(up, stays.rose_m):
            return None
        return self.postures.nameless(up, stays.rest) if named is None else named

    def _on_stretch(
        self, now_s: float, stretch: Stretch, kept: Kept, cells: Cells
    ) -> Iterator[Event]:
        limb = self._keeping.limb = Limb(stretch.lever_m, aside=stretch.name == INNER_THIGH)
        start_s = self._settled_s(cells, kept, limb)
        grain, cell = cells.grain, kept.last
        held = Held(
            stretch,
            self._at(start_s),
            start_s,
            self._stamps,
            self._habit,
            coarse=grain.coarse(cell),
            life=Life(grain.least_jitter_deg(cell), grain.tells_move_g(cell)),
        )
        yield from self._begin(now_s, held)
        for t_s, up, unrest in list(self._recent):
            if t_s > start_s:
                yield from held.step(t_s, up, unrest, slipping=False)

    def _begin(self, now_s: float, held: Held) -> Iterator[Event]:
        yield from self.tally.begun(now_s, held.start_s)
        self.held = held
        if self._trace is not None:
            self._trace.told(Holding(now_s, held))
        yield held.started(now_s)

    def _settled_s(self, cells: Cells, kept: Kept, limb: Limb) -> float:
        """When the posture was taken, which a leg may creep to: not before the last hold."""
        start_s = settled_s(cells, kept.first, kept.last, kept.up, limb)
        start_s = max(start_s, self._held_until_s)
        return start_s if self._stays is None else self._stays.after_last(start_s)

    def _at(self, start_s: float) -> Vector:
        """The direction when the move into the stretch had rung out."""
        later = [up for t_s, up, _ in self._recent if t_s >= start_s + SETTLING_S]
        return later[0] if later else self._recent[-1][1]

    def _on_left(self, now_s: float, left: Left, cells: Cells) -> Iterator[Event]:
        self._left_s = left.end_s
        stays, raised_m = self._stays, None
        if stays is not None:
            raised_m = stays.raised_m(left.end_s, now_s, cells)
        if self._trace is not None:
            self._trace.told(Departed(now_s, left.end_s, left.up, left.still_s, raised_m))
        rest = self._may_rest(now_s, left, cells.grain)
        self._pauses.ended(left.up, left.end_s, off=self.worn is False, rest=rest)
        if stays is not None and raised_m is not None:
            yield from self._seek_rest(now_s, left, stays, raised_m)
        reason: EndReason = "gap" if left.unseen else "released"
        yield from self.end_hold(now_s, left.end_s, reason, left.still_s)

    def _may_rest(self, now_s: float, left: Left, grain: Grain) -> bool:
        """May a leg have rested in what was no stretch, as far as its last half minute tells?"""
        since_s = self._pauses.start_s
        if since_s is None:
            return True
        ups = [up for t_s, up, _ in self._recent if since_s < t_s <= left.end_s]
        worn = self._taking_off.surely(worn=self.worn)
        return self._resting.ended(ups, grain, round(now_s / CELL_S), worn=worn)

    def _seek_rest(
        self, now_s: float, left: Left, stays: Stays, raised_m: float
    ) -> Iterator[Event]:
        """Any posture: where is the rest, now that this one was left? It may be this one.

        A hold that led back to the rest, or to what has turned out to be one, is none.
        """
        stays.ended(left.up, left.end_s, raised_m)
        if not stays.rests(left.up, raised_m):
            return
        held, self.held = self.held, None
        if held is not None:
            yield self._dropped(held, now_s, left.end_s, "rest")

    def _in_hold(self, held: Held, now_s: float, up: Vector, unrest: float) -> list[Event]:
        leaving = self._keeping.leaving
        self.tally.active_s = now_s
        if self._trace is not None:
            self._trace.told(Strayed(now_s, leaving))
        events = held.step(now_s, up, unrest, slipping=leaving)
        target = None if leaving else held.target(now_s, self._settings.target_s)
        return events if target is None else [*events, target]

    def _as_hold(self, now_s: float, up: Vector, unrest: float) -> Iterator[Event]:
        held = self.held
        if held is None:
            stretch = unknown(up, self._settings.side)
            held = Held(stretch, up, now_s - STEP_S, self._stamps, self._habit)
            yield from self._begin(now_s, held)
        yield from self._in_hold(held, now_s, up, unrest)

    def _on_found(self, now_s: float, found: Found) -> Iterator[Event]:
        self.postures.upside_down = found.upside_down
        if not self._keeping.keeps:
            self._taking_off.moved(self._left_s, now_s)
        if found.worn is False and not self._taking_off.possible(now_s):
            return
        if found.worn is not None and found.worn is not self.worn:
            self.worn, self.worn_since_s = found.worn, now_s
            self._taking_off.found(worn=found.worn)
            yield Worn(
                **self._stamps.at(now_s, "worn"),
                worn=found.worn,
            )
