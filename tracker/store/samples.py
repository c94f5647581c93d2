"""The stored samples as they were worn: frames back into g, in band axes, with wall time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracker.bands.stretchband import decode_frame
from tracker.clock import BandClock
from tracker.detect.samples import Axes, Block, Floats
from tracker.store.history import Band, History

LONGEST_FRAME_S = 3.0  # 37 samples at 12.5 Hz: how far before a moment its frame may begin


@dataclass(frozen=True, slots=True)
class Boot:
    """What a band took between two of its starts: one clock, times rising.

    first_s: band seconds of the first sample.
    last_s:  band seconds of the last frame's first sample.
    clock:   the wall time of its seconds, where it is known.
    """

    boot_id: int
    first_s: float
    last_s: float
    clock: BandClock

    @property
    def began_at(self) -> str | None:
        """RFC 3339 UTC of the first sample, None where the wall time is not known."""
        return self.clock.at(self.first_s)

    def meets(self, since_s: float, until_s: float) -> bool:
        """Whether it may have samples in [since_s, until_s), unix time; infinite: open."""
        if math.isinf(since_s) and math.isinf(until_s):
            return True
        return self.band_span(since_s, until_s) is not None

    def band_span(self, since_s: float, until_s: float) -> tuple[float, float] | None:
        """The first and last band second in [since_s, until_s) of unix time; None: none is.

        A clock that was set back showed the same hour twice, and the span holds both.
        """
        found: list[float] = []
        for from_s, to_s in self.clock.pieces(self.first_s, self.last_s + LONGEST_FRAME_S):
            begins, ends = self.clock.wall_s(from_s), self.clock.wall_s(to_s)
            if begins is not None and ends is not None and begins < until_s and ends >= since_s:
                found.append(from_s if begins >= since_s else self._when(since_s, from_s, to_s))
                found.append(to_s if ends < until_s else self._when(until_s, from_s, to_s))
        return (min(found), max(found)) if found else None

    def _when(self, wall_s: float, from_s: float, to_s: float) -> float:
        """The band second between these two at which the wall clock showed `wall_s`."""
        seconds = range(math.floor(from_s), math.ceil(to_s) + 1)
        return (
            float(bisect_left(seconds, wall_s, key=lambda s: self.clock.wall_s(s) or 0.0))
            + seconds[0]
        )


@dataclass(frozen=True, slots=True, eq=False)
class DatedBlock:
    """Samples of one frame; `at` is the RFC 3339 UTC time of each, None if that is not known."""

    block: Block
    at: list[str] | None


def boots(history: History, band_id: str) -> list[Boot]:
    """The starts of a band that samples are kept of, in the order of their numbers."""
    rows = history.rows(
        "SELECT b.boot_id, f.t_first_s, l.t_first_s FROM"
        " (SELECT band_id, boot_id, min(seq) AS first, max(seq) AS last"
        " FROM frames WHERE band_id = ? GROUP BY boot_id) AS b"
        " JOIN frames AS f ON (f.band_id, f.boot_id, f.seq) = (b.band_id, b.boot_id, b.first)"
        " JOIN frames AS l ON (l.band_id, l.boot_id, l.seq) = (b.band_id, b.boot_id, b.last)"
        " ORDER BY b.boot_id",
        (band_id,),
    )
    return [
        Boot(boot_id, first_s, last_s, history.clock(band_id, boot_id))
        for boot_id, first_s, last_s in rows
    ]


def count_samples(history: History, band_id: str, boot: Boot, span_s: tuple[float, float]) -> int:
    """How many samples the frames of this span of unix time hold."""
    (number,) = next(
        history.rows(
            # 17 bytes of a frame are its head and check sum, a sample has 6.
            "SELECT coalesce(sum((length(data) - 17) / 6), 0) FROM frames WHERE band_id = ?"
            " AND boot_id = ? AND t_first_s >= ? AND t_first_s < ?",
            (band_id, boot.boot_id, *_band_span(boot, span_s)),
        )
    )
    return int(number)


def sample_blocks(
    history: History, band: Band, boot: Boot, span_s: tuple[float, float]
) -> Iterator[DatedBlock]:
    """The samples of a boot in [from, to) of unix time (infinite: open), frame by frame."""
    axes = Axes.parse(band.axes)
    rows = history.rows(
        "SELECT t_first_s, data FROM frames WHERE band_id = ? AND boot_id = ?"
        " AND t_first_s >= ? AND t_first_s < ? ORDER BY seq",
        (band.band_id, boot.boot_id, *_band_span(boot, span_s)),
    )
    for t_first_s, data in rows:
        frame = decode_frame(data)
        whole = Block(t_first_s + frame.offsets_s, axes.apply(frame.acc_g))
        yield _dated(whole, boot.clock, span_s)


def _band_span(boot: Boot, span_s: tuple[float, float]) -> tuple[float, float]:
    """Frames that begin in it hold all samples of the span, and a few more."""
    if math.isinf(span_s[0]) and math.isinf(span_s[1]):
        return span_s
    first_s, last_s = boot.band_span(*span_s) or (math.inf, -math.inf)
    return (first_s - 1 - LONGEST_FRAME_S, last_s + 1)  # whole seconds are looked for


def _dated(block: Block, clock: BandClock, span_s: tuple[float, float]) -> DatedBlock:
    first_s = float(block.t_s[0])
    wall_s = clock.wall_s(first_s)
    if wall_s is None:
        return DatedBlock(block, None)
    walls_s = wall_s + (block.t_s - first_s)  # a frame is too short to see a drift in
    first, last = (int(np.searchsorted(walls_s, moment_s)) for moment_s in span_s)
    return DatedBlock(block.between(first, last), _written(walls_s[first:last]))


def _written(wall_s: Floats) -> list[str]:
    """Whole milliseconds downwards, as every other time is written."""
    microseconds = np.round(wall_s * 1e6).astype(np.int64)
    milliseconds = (microseconds // 1000).astype("datetime64[ms]")
    return [f"{text}Z" for text in np.datetime_as_string(milliseconds, unit="ms")]
