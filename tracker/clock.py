"""When a band's second was, by the clock on the wall.

A frame arrives late by what the radio took, never early. So of all (arrival - band time) the
smallest are the truest: the lower envelope, a line because the two clocks drift apart evenly. The
line beneath all points that is nearest to them is the skew estimate of Moon, Skelly & Towsley,
INFOCOM 1999.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

BUCKET_S = 60.0  # one point a minute is enough: 200 ppm move 12 ms in it
KEPT_BUCKETS = 24 * 60
SPAN_FOR_DRIFT_S = 600.0  # below ten minutes the radio's jitter outweighs any real drift
MAX_DRIFT = 500e-6  # watch crystals stay within 100 ppm; beyond 500 it is not drift


@dataclass(frozen=True, slots=True)
class ClockPoint:
    """The least late arrival of a minute: at band second `band_s` the wall was `offset_s` ahead."""

    band_s: float
    offset_s: float


@dataclass(slots=True)
class BandClock:
    """Turns seconds of one boot of a band into wall time."""

    points: list[ClockPoint] = field(default_factory=list)
    _line: tuple[float, float] | None = None

    def observe(self, band_s: float, wall_s: float) -> ClockPoint | None:
        """The sample taken at `band_s` was here at `wall_s` (seconds since 1970).

        Returns the point when it is worth keeping: the least late of its minute so far.
        """
        point = ClockPoint(band_s, wall_s - band_s)
        last = self.points[-1] if self.points else None
        if last is None or band_s // BUCKET_S > last.band_s // BUCKET_S:
            self.points.append(point)
            del self.points[:-KEPT_BUCKETS]
        elif point.offset_s < last.offset_s:
            self.points[-1] = point
        else:
            return None
        self._line = None
        return point

    def wall_s(self, band_s: float) -> float | None:
        """Seconds since 1970 at `band_s`, None before the first arrival."""
        if not self.points:
            return None
        if self._line is None:
            self._line = line_below(self.points)
        offset_s, drift = self._line
        return band_s + offset_s + drift * band_s

    def at(self, band_s: float) -> str | None:
        """The same as RFC 3339 UTC to the millisecond."""
        wall_s = self.wall_s(band_s)
        return None if wall_s is None else rfc3339(wall_s)


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
