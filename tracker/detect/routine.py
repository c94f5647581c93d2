"""What does the wearer do: rest, straighten, hold, and when is a session over?

Folds steps into events. One Routine lives from a fresh start to the end of a session, over gaps.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator

from tracker.detect.bounds.edges import settled_s
from tracker.detect.bounds.holds import UNKNOWN, Keeping, Kept, Left
from tracker.detect.events import (
    INNER_THIGH,
    OTHER,
    DropReason,
    EndReason,
    Event,
    Rep,
    SessionEnded,
    SessionStarted,
    Worn,
)
from tracker.detect.held import SETTLING_S, Held
from tracker.detect.live import Phase
from tracker.detect.motion.cells import Cells, Vector, angle_deg
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.heights import rises_m, rose_m
from tracker.detect.motion.orientation import STEP_S, Rows
from tracker.detect.motion.turning import Limb
from tracker.detect.posture.naming import AWAY_DEG, Postures
from tracker.detect.posture.rests import Rests
from tracker.detect.posture.stretches import unknown
from tracker.detect.posture.taught import Posed
from tracker.detect.posture.worn import Wear
from tracker.detect.reps import Reps, RepSeen
from tracker.detect.samples import Floats
from tracker.detect.settings import Settings
from tracker.detect.stamps import Stamps, ms
from tracker.detect.trace import Departed, Discarded, Holding, Stopped, Strayed, Trace

# A hold is known two seconds after it began; its first steps are folded then.
_RECENT = 24
# Any posture: who straightens a leg has let it rest, or straightened it, so long before at most. On
# foot a leg swings and sways without ever resting.
_FROM_REST_S = 10.0
# Off the leg, what the band lay on for so long is no rest of a leg: whoever picks it up holds
# nothing away from it. It takes half a minute to be known to be off.
_TABLE_S = 30.0


class Routine:
    """Folds steps; `session` is the id of the open session."""

    def __init__(self, settings: Settings, stamps: Stamps, trace: Trace | None = None) -> None:
        self._settings, self._stamps, self._trace = settings, stamps, trace
        self.postures = Postures(
            any_posture=settings.any_posture, side=settings.side, taught=settings.taught
        )
        self.wear = Wear()
        self._wear_changes: deque[tuple[int, bool]] = deque()
        self._off = False
        self.held: Held | None = None
        self.session: str | None = None
        self.active_s = 0.0
        self._calm_s = -math.inf
        self._holds, self._hold_s = 0, 0.0
        self._reps = Reps()
        # Any posture: where the rest is, as soon as the leg was seen.
        self._rests: Rests | None = None
        self._last = 0
        self._calm_again()

    def _calm_again(self) -> None:
        self._keeping = Keeping(self._settings.min_hold_s)
        self._recent: deque[tuple[float, Vector, float]] = deque(maxlen=_RECENT)
        self._resting = False
        self._rest_known = False
        self._rest_start_s = 0.0
        self._stay_start_s, self._stay_end_s, self._rose_m = 0.0, -math.inf, 0.0
        self._kept: tuple[float, Vector] | None = None

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

    def look_ahead(self, first: int, directions: Floats, grain: Grain) -> None:
        """The next steps: whether the band is worn is found out from all of them at once."""
        self._wear_changes.extend(self.wear.feed(first, directions, grain))

    @property
    def at_ease(self) -> bool:
        """Nothing is held, and it is known away from what something would be."""
        if self.held is not None or self._settings.as_hold:
            return False
        return self.postures.rest is not None or not self._settings.any_posture

    def pass_over(self, rows: Rows, row: int, end: int) -> tuple[int, list[Event]]:
        """Fold rows on which no posture is taken or left, `end` at most: the first other one.

        `step` would state the same events row by row.
        """
        rest = self.postures.rest
        if self._wear_changes:
            end = min(end, self._wear_changes[0][0] - rows.first)
        passed = self._keeping.pass_over(rows, row, end)
        if passed == row:
            return row, []
        times_s = [j * STEP_S for j in range(rows.first + row, rows.first + passed)]
        ups, unrests = rows.ups[row:passed], rows.unrests[row:passed]
        self.postures.passed(times_s, ups)
        if self._keeping.keeps:
            self._calm_s = times_s[-1]
        last = slice(-_RECENT, None)
        self._recent.extend(zip(times_s[last], ups[last], unrests[last], strict=True))
        return passed, [] if rest is None else list(self._straighten(times_s, ups, rest))

    def step(self, rows: Rows, row: int, cells: Cells) -> Iterator[Event]:
        """Fold one row."""
        j, up, rate, unrest = rows.first + row, rows.ups[row], rows.rates[row], rows.unrests[row]
        now_s = j * STEP_S
        if self._wear_changes and self._wear_changes[0][0] == j:
            yield self._worn(now_s, worn=self._wear_changes.popleft()[1])
        self._recent.append((now_s, up, unrest))
        if self._settings.as_hold:
            yield from self._as_hold(now_s, up, unrest)
            return
        if self._settings.any_posture and self.postures.rest is None:
            # Whatever there is to hold away from, it is where the leg was at first.
            self.postures.at_rest(up, now_s)
            self._rests = Rests(up, self._settings.min_hold_s)
        self.postures.passed([now_s], [up])
        turn = self._keeping.step(j, up, rate, unrest, cells)
        if isinstance(turn, Kept):
            yield from self._on_kept(now_s, turn, cells)
        elif isinstance(turn, Left):
            yield from self._on_left(now_s, turn, cells)
        elif self.held is not None:
            for missed in range(self._last + 1, j):
                yield from self.held.step(missed * STEP_S, up, unrest, slipping=True)
            yield from self._in_hold(now_s, up, unrest)
        self._last = j
        if self._keeping.keeps:
            self._calm_s = now_s
        if (rest := self.postures.rest) is not None:
            yield from self._straighten([now_s], [up], rest)

    def end_hold(
        self, now_s: float, end_s: float, reason: EndReason, still_s: float | None = None
    ) -> Iterator[Event]:
        """End the hold, if there is one. No more of it counts than `still_s`."""
        held, self.held = self.held, None
        if held is None:
            return
        lasted_s = end_s - held.start_s
        if still_s is not None:
            lasted_s = min(lasted_s, still_s)
        is_short = lasted_s < self._settings.min_hold_s
        if (is_short or held.lifeless()) and not self._settings.as_hold:
            if not is_short and self._rests is None:
                self.postures.forget_rest()
            yield self._dropped(held, now_s, end_s, "short" if is_short else "lifeless")
            return
        self._reps.restart()
        self.postures.counted(held.stretch, end_s)
        self._holds += 1
        self._hold_s += end_s - held.start_s
        yield from held.ended(now_s, end_s, reason)

    def _dropped(self, held: Held, now_s: float, end_s: float, why: DropReason) -> Event:
        if self._trace is not None:
            self._trace.told(Discarded(now_s, held.hold_id, end_s, why))
        return held.dropped(now_s, why)

    def end_session(self, now_s: float) -> Iterator[Event]:
        """End the session, if there is one."""
        if self.session is None:
            return
        yield SessionEnded(
            event_id=self._stamps.event_id(now_s, "session_ended"),
            band_id=self._stamps.band_id,
            t_s=ms(now_s),
            session_id=self.session,
            holds=self._holds,
            hold_s=ms(self._hold_s),
        )
        self.session = None

    def lose_sight(self, from_s: float, to_s: float) -> Iterator[Event]:
        """Samples are missing: nothing is known of what the leg did."""
        self._reps.restart()
        if self.held is not None and self._keeping.lose_sight(from_s, to_s):
            self._recent.clear()
            return
        if not self._settings.as_hold:
            yield from self.end_hold(to_s, from_s, "gap")
        self._calm_again()

    def _on_kept(self, now_s: float, kept: Kept, cells: Cells) -> Iterator[Event]:
        start_s = self._settled_s(cells, kept, UNKNOWN)
        if self._rests is not None:
            self._stay_start_s, self._rose_m = start_s, rose_m(cells, start_s)
        stretch, rest = self.postures.name(kept.up), self.postures.rest
        self._kept = None if rest is None else (start_s, rest)
        if self._trace is not None:
            self._trace.told(Stopped(now_s, start_s, kept.up, rest, stretch))
        if stretch is None:
            self._resting = True
            self._rest_start_s = start_s
            self._rest_known = self._rests is None and self.postures.pause_s(kept.up) == 0.0
            if self._rest_known:
                self.postures.at_rest(kept.up, start_s)
            return
        self._resting = False
        limb = self._keeping.limb = Limb(stretch.lever_m, aside=stretch.name == INNER_THIGH)
        start_s = self._settled_s(cells, kept, limb)
        yield from self._open_session(now_s, start_s)
        held = Held(
            stretch,
            self._at(start_s),
            start_s,
            self._stamps,
            coarse=cells.grain.coarse(kept.last),
            hides_sway=cells.grain.hides_sway(kept.last),
        )
        yield from self._start(held, now_s)

    def _start(self, held: Held, now_s: float) -> Iterator[Event]:
        self.held = held
        if self._trace is not None:
            self._trace.told(Holding(now_s, held))
        yield held.started(now_s)
        for _, up, unrest in list(self._recent):
            yield from held.step(_, up, unrest, slipping=False)

    def _at(self, start_s: float) -> Vector:
        """The direction when the move into the stretch had rung out."""
        later = [up for t_s, up, _ in self._recent if t_s >= start_s + SETTLING_S]
        return later[0] if later else self._recent[-1][1]

    def _on_left(self, now_s: float, left: Left, cells: Cells) -> Iterator[Event]:
        raised_m = None
        if self._rests is not None:
            raised_m = self._rose_m - rises_m(cells, left.end_s, round(now_s / CELL_S))
        if self._trace is not None:
            self._trace.told(Departed(now_s, left.end_s, left.up, left.still_s, raised_m))
        if self._rests is not None and raised_m is not None:
            yield from self._seek_rest(now_s, left, self._rests, raised_m)
        elif self._resting and left.end_s - self._rest_start_s >= self.postures.pause_s(left.up):
            if not self._rest_known:
                self.postures.at_rest(left.up, self._rest_start_s)
            self.postures.rest_left(left.up, left.end_s)
            if self._off and left.end_s - self._rest_start_s >= _TABLE_S:
                self.postures.forget_rest()
        self._resting = False
        reason: EndReason = "gap" if left.unseen else "released"
        yield from self.end_hold(now_s, left.end_s, reason, left.still_s)

    def _seek_rest(
        self, now_s: float, left: Left, rests: Rests, raised_m: float
    ) -> Iterator[Event]:
        """Any posture: where is the rest, now that this one was left? It may be this one.

        A hold that led back to the rest, or to what has turned out to be one, is none.
        """
        before, self._stay_end_s = rests.up, left.end_s
        lasted_s = left.end_s - self._stay_start_s
        rests.kept(left.up, lasted_s, raised_m)
        if rests.up != before:
            self.postures.at_rest(rests.up, self._stay_start_s)
        if angle_deg(left.up, rests.up) > AWAY_DEG:
            return
        self.postures.rest_left(rests.up, left.end_s)
        if self.held is not None:
            held, self.held = self.held, None
            yield self._dropped(held, now_s, left.end_s, "rest")

    def _settled_s(self, cells: Cells, kept: Kept, limb: Limb) -> float:
        """When the posture was taken: not before the last one was left."""
        start_s = settled_s(cells, kept.first, kept.last, kept.up, limb)
        return start_s if self._rests is None else max(start_s, self._stay_end_s)

    def _in_hold(self, now_s: float, up: Vector, unrest: float) -> Iterator[Event]:
        held = self.held
        if held is None:
            return
        self.active_s = now_s
        if self._trace is not None:
            self._trace.told(Strayed(now_s, self._keeping.leaving))
        yield from held.step(now_s, up, unrest, slipping=self._keeping.leaving)
        if not self._keeping.leaving:
            yield from held.target(now_s, self._settings.target_s)

    def _as_hold(self, now_s: float, up: Vector, unrest: float) -> Iterator[Event]:
        if self.held is None:
            start_s = now_s - STEP_S
            yield from self._open_session(now_s, start_s)
            self.held = Held(unknown(up, self._settings.side), up, start_s, self._stamps)
            if self._trace is not None:
                self._trace.told(Holding(now_s, self.held))
            yield self.held.started(now_s)
        self.active_s = now_s
        yield from self.held.step(now_s, up, unrest, slipping=False)
        yield from self.held.target(now_s, self._settings.target_s)

    def _straighten(self, times_s: list[float], ups: list[Vector], rest: Vector) -> Iterator[Event]:
        for k, rep in self._reps.feed(times_s, ups, rest):
            name = self.postures.name_of_top(rep.top)
            if name == OTHER and rep.start_s - self._calm_s > _FROM_REST_S:
                continue
            self._calm_s = max(self._calm_s, rep.end_s)
            if name is not None:
                yield from self._open_session(times_s[k], rep.start_s)
                yield self._rep(times_s[k], rep)

    def _rep(self, now_s: float, rep: RepSeen) -> Rep:
        return Rep(
            event_id=self._stamps.event_id(now_s, "rep"),
            band_id=self._stamps.band_id,
            t_s=ms(now_s),
            start_s=ms(rep.start_s),
            top_s=ms(rep.top_s),
            end_s=ms(rep.end_s),
            range_deg=round(rep.range_deg, 2),
        )

    def _worn(self, now_s: float, *, worn: bool) -> Worn:
        self._off = not worn
        return Worn(
            event_id=self._stamps.event_id(now_s, "worn"),
            band_id=self._stamps.band_id,
            t_s=ms(now_s),
            worn=worn,
        )

    def _open_session(self, now_s: float, start_s: float) -> Iterator[Event]:
        self.active_s = now_s
        if self.session is not None:
            return
        self.session = self._stamps.reference(start_s)
        self._holds, self._hold_s = 0, 0.0
        yield SessionStarted(
            event_id=self._stamps.event_id(now_s, "session_started"),
            band_id=self._stamps.band_id,
            t_s=ms(now_s),
            session_id=self.session,
        )
