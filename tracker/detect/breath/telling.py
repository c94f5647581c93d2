"""Which breaths of a hold have been told, and which are still to be told?

They are told in the order of time, each once, and numbered so. One that is not plain when it ends
is told together with the next one that is, or at the end of the hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.detect.breath.movement import Span
from tracker.detect.breath.whole import BEFORE_S, FLOOR_DEG, SAME


@dataclass(frozen=True, slots=True)
class BreathSeen:
    """One exhale and the inhale after it, seconds and degrees."""

    number: int
    exhale_start_s: float
    exhale_end_s: float
    end_s: float
    depth_deg: float


class Telling:
    """Tells the breaths of one hold."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._told_s: float | None = None
        self.seen = 0

    def untold_s(self, period_s: float) -> float:
        """An exhale that begins from here on has not been told, when a breath is so long."""
        if self._told_s is None:
            return self._start_s - BEFORE_S
        return self._told_s - SAME * period_s

    def tell(self, spans: Iterable[Span]) -> list[BreathSeen]:
        """Those that move the leg and have not been told."""
        told = []
        for span in spans:
            top = span.top
            if span.begin_s < self.untold_s(span.moves_s):
                continue
            if top.above_deg < FLOOR_DEG or top.deeper_deg < FLOOR_DEG:
                continue
            self.seen += 1
            self._told_s = span.end_s
            begin_s = max(span.begin_s, self._start_s)
            told.append(
                BreathSeen(self.seen, begin_s, span.exhale_end_s, span.end_s, span.depth_deg)
            )
        return told
