"""When a band's second was, by the clock on the wall.

    band's second --line below the arrivals--> host's steady second --how the wall was set--> wall

A frame arrives late by what the radio took, never early. So of all (arrival - band time) the
smallest are the truest: the lower envelope, a line because the two clocks drift apart evenly. The
line beneath all points that is nearest to them is the skew estimate of Moon, Skelly & Towsley,
INFOCOM 1999.

Arrivals are taken on a clock that nobody sets (`tracker.host_time`), so the line does not see when
the wall clock is set; by how much that was is read off the two clocks, not guessed.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

BUCKET_S = 60.0  # one point a minute is enough: 200 ppm move 12 ms in it
KEPT_BUCKETS = 24 * 60
NEAR_S = 3600.0  # the drift of a crystal changes with its warmth, by some ppm: 10 ms in an hour
# Below three minutes the radio's jitter outweighs a drift: 200 ppm are 36 ms by then.
SPAN_FOR_DRIFT_S = 180.0
MAX_DRIFT = 500e-6  # watch crystals stay within 100 ppm; beyond 500 it is not drift
STEP_S = 0.01  # the wall clock was set when it moved so far against the steady one
# No answer takes so long. What is off the line by more is not lateness but another clock.
JUMP_S = 10.0


@dataclass(frozen=True, slots=True)
class ClockPoint:
    """The least late arrival of a minute: at band second `band_s` the host was `offset_s` ahead.

    run: which run of the host's steady clock; between two of them nothing is known.
    """

    band_s: float
    offset_s: float
    run: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """From band second `from_s` on the wall clock was `ahead_s` ahead of the steady one of `run`.

    host: the name of that steady clock, by which a later process knows it again.
    """

    from_s: float
    ahead_s: float = 0.0
    run: int = 0
    host: str = ""


ClockNews = ClockPoint | Setting


class BandClock:
    """Turns seconds of one boot of a band into wall time.

    Each moment is dated by the wall clock as it was set then. When it was set while the band was
    out of reach, what the band took meanwhile is dated by the later setting.
    """

    def __init__(self, known: Iterable[ClockNews] = ()) -> None:
        """known: what `observe` has ever returned; the last word on a minute or a moment counts."""
        self._settings: list[Setting] = []
        self._runs: dict[int, list[ClockPoint]] = {}
        self._lines: dict[tuple[int, int], tuple[float, float]] = {}
        self._newest_s = -math.inf
        for one in known:
            if isinstance(one, Setting):
                self._set(one)
            else:
                self._take(one)
                self._newest_s = max(self._newest_s, one.band_s)
        for points in self._runs.values():
            _drop_late(points)

    def observe(
        self,
        band_s: float,
        wall_s: float,
        ahead_s: float = 0.0,
        host: str = "",
        *,
        prompt: bool = False,
    ) -> list[ClockNews]:
        """What the band did at `band_s` was here at `wall_s` (seconds since 1970).

        ahead_s, host: the wall clock against the steady one then, and that one's name.
        prompt:        it is an answer, not a frame that may have lain in the band for hours.
        Returns what is to be kept: how the clock is set when that has changed, and the point when
        it is the least late of its minute so far.
        """
        news: list[ClockNews] = []
        offset_s = wall_s - ahead_s - band_s
        setting = self._setting_now(band_s, offset_s, ahead_s, host, prompt=prompt)
        if setting is not None:
            self._set(setting)
            news.append(setting)
        point = ClockPoint(band_s, offset_s, self._settings[-1].run)
        if self._take(point):
            news.append(point)
            del self._runs[point.run][:-KEPT_BUCKETS]
        self._newest_s = max(self._newest_s, band_s)
        return news

    def wall_s(self, band_s: float) -> float | None:
        """Seconds since 1970 at `band_s`, None before the first arrival."""
        if not self._settings:
            return None
        setting = self._settings[max(0, bisect_right(self._settings, band_s, key=_from_s) - 1)]
        offset_s = self._offset_s(setting.run, band_s)
        return None if offset_s is None else band_s + offset_s + setting.ahead_s

    def at(self, band_s: float) -> str | None:
        """The same as RFC 3339 UTC to the millisecond."""
        wall_s = self.wall_s(band_s)
        return None if wall_s is None else rfc3339(wall_s)

    def pieces(self, first_s: float, last_s: float) -> list[tuple[float, float]]:
        """These band seconds, cut where the wall clock was set: within each its time rises."""
        cuts = [one.from_s for one in self._settings[1:] if first_s < one.from_s <= last_s]
        begins = [first_s, *cuts]
        return list(
            zip(begins, [*(math.nextafter(cut, -math.inf) for cut in cuts), last_s], strict=True)
        )

    def _setting_now(
        self, band_s: float, offset_s: float, ahead_s: float, host: str, *, prompt: bool
    ) -> Setting | None:
        """How the wall clock is set from here on; None: as before."""
        if not self._settings:
            return Setting(0.0, ahead_s, 0, host)
        last = self._settings[-1]
        from_s = math.nextafter(self._newest_s, math.inf)
        is_set = abs(ahead_s - last.ahead_s) > STEP_S
        late_s = self._jump_s(last.run, band_s, offset_s)
        # Too late for an answer, or too early together with a step: the steady clock was not.
        if host != last.host or (late_s > 0 and prompt) or (late_s < 0 and is_set):
            return Setting(from_s, ahead_s, max(self._runs, default=last.run) + 1, host)
        return Setting(from_s, ahead_s, last.run, host) if is_set else None

    def _jump_s(self, run: int, band_s: float, offset_s: float) -> float:
        """How far this arrival is off the others, when that is more than a drift; else 0."""
        expected_s = self._offset_s(run, band_s)
        if expected_s is None:
            return 0.0
        off_s = offset_s - expected_s
        return off_s if abs(off_s) > _allowed_s(band_s - self._runs[run][-1].band_s) else 0.0

    def _set(self, setting: Setting) -> None:
        while self._settings and self._settings[-1].from_s >= setting.from_s:
            self._settings.pop()  # nothing was heard under it
        self._settings.append(setting)

    def _take(self, point: ClockPoint) -> bool:
        points = self._runs.setdefault(point.run, [])
        last = points[-1] if points else None
        minutes = 1.0 if last is None else point.band_s // BUCKET_S - last.band_s // BUCKET_S
        if minutes > 0:
            points.append(point)
        elif minutes == 0 and last is not None and point.offset_s < last.offset_s:
            points[-1] = point
        else:
            return False
        if last is not None and last.offset_s - point.offset_s > JUMP_S:
            _drop_late(points)
        self._lines.clear()
        return True

    def _offset_s(self, run: int, band_s: float) -> float | None:
        """How far the steady clock was ahead of the band's, by the arrivals around."""
        points = self._runs.get(run)
        if not points:
            return None
        after = bisect_left(points, band_s, key=_band_s)
        line = self._lines.get((run, after))
        if line is None:
            line = self._lines[run, after] = line_below(_around(points, after))
        offset_s, drift = line
        return offset_s + drift * band_s


def rfc3339(wall_s: float) -> str:
    """`2026-11-23T20:45:04.120Z` for seconds since 1970."""
    text = datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def line_below(points: Sequence[ClockPoint]) -> tuple[float, float]:
    """(offset at band second 0, drift) of the line below all points that is nearest to them.

    With too short a span for a drift, or one that no crystal has, the line is level.
    """
    lowest = min(point.offset_s for point in points)
    hull = _lower_hull(points)
    if hull[-1].band_s - hull[0].band_s < SPAN_FOR_DRIFT_S:
        return lowest, 0.0
    # The sum of distances is least on the hull's edge over the points' mean time.
    middle = sum(point.band_s for point in points) / len(points)
    right = next(i for i, point in enumerate(hull) if point.band_s >= middle or i == len(hull) - 1)
    a, b = hull[max(right - 1, 0)], hull[max(right, 1)]
    drift = (b.offset_s - a.offset_s) / (b.band_s - a.band_s)
    if abs(drift) > MAX_DRIFT:
        return lowest, 0.0
    return a.offset_s - drift * a.band_s, drift


def _around(points: Sequence[ClockPoint], after: int) -> Sequence[ClockPoint]:
    """The arrivals of an hour before and after a place between two of them."""
    before_s = points[max(after - 1, 0)].band_s - NEAR_S
    after_s = points[min(after, len(points) - 1)].band_s + NEAR_S
    first = bisect_left(points, before_s, key=_band_s)
    return points[first : bisect_right(points, after_s, key=_band_s)]


def _drop_late(points: list[ClockPoint]) -> None:
    """Leave out what a later arrival shows to have come very late: read out of the ring."""
    kept: list[ClockPoint] = []
    for point in reversed(points):
        if not kept or point.offset_s - kept[-1].offset_s <= _allowed_s(
            kept[-1].band_s - point.band_s
        ):
            kept.append(point)
    points[:] = reversed(kept)


def _allowed_s(apart_s: float) -> float:
    """How far two arrivals so far apart may be off each other on the same two clocks."""
    return JUMP_S + MAX_DRIFT * abs(apart_s)


def _lower_hull(points: Sequence[ClockPoint]) -> list[ClockPoint]:
    """Andrew's monotone chain, the lower half; points come in order of time."""
    hull: list[ClockPoint] = []
    for point in points:
        while len(hull) > 1 and _turns_right(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _turns_right(a: ClockPoint, b: ClockPoint, c: ClockPoint) -> bool:
    rise_ab = (b.offset_s - a.offset_s) * (c.band_s - a.band_s)
    rise_ac = (c.offset_s - a.offset_s) * (b.band_s - a.band_s)
    return rise_ab >= rise_ac


def _band_s(point: ClockPoint) -> float:
    return point.band_s


def _from_s(setting: Setting) -> float:
    return setting.from_s
