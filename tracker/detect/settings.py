"""What may the wearer choose?"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.detect.events import Side
from tracker.detect.posture.taught import Taught


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices that decide what is stated.

    target_s:      length of a hold at which `target_reached` is stated.
    min_hold_s:    a shorter hold is not counted.
    any_posture:   every posture held away from the preceding rest counts.
    as_hold:       all samples together are one hold.
    side:          the leg, where it is known.
    taught:        the wearer's own postures.
    session_gap_s: so long without a hold or a straightening ends a session.
    """

    target_s: float = 30.0
    min_hold_s: float = 5.0
    any_posture: bool = False
    as_hold: bool = False
    side: Side | None = None
    session_gap_s: float = 600.0
    taught: tuple[Taught, ...] = ()
