"""What did the detector see, and why did it decide so?

Told to whoever asks, for a picture; nothing is decided from it, and nobody is told by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracker.detect.events import DropReason
from tracker.detect.held import Held
from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import Steps
from tracker.detect.posture.stretches import Stretch


@dataclass(frozen=True, slots=True)
class Stopped:
    """The leg is kept like this since start_s, known at t_s.

    rest:    the direction of the last rest, None while none is known.
    stretch: what it was taken for; None is a rest, or a posture that has no name.
    """

    t_s: float
    start_s: float
    up: Vector
    rest: Vector | None
    stretch: Stretch | None


@dataclass(frozen=True, slots=True)
class Departed:
    """What was kept was left at end_s, known at t_s; `up` is how it was last kept.

    still_s:  how long the leg was still without a break; only where short holds are asked for.
    raised_m: how far it rose to it and sank from it, together; only where any posture may be held.
    """

    t_s: float
    end_s: float
    up: Vector
    still_s: float | None = None
    raised_m: float | None = None


@dataclass(frozen=True, slots=True)
class Strayed:
    """At this step of a hold the leg was too far from where it is kept, or it was there."""

    t_s: float
    away: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """A hold has begun; `held` goes on until it is ended, dropped or the samples end."""

    t_s: float
    held: Held


@dataclass(frozen=True, slots=True)
class Discarded:
    """The hold is dropped: shorter than asked for, stiller than anything alive, or a rest."""

    t_s: float
    hold_id: str
    end_s: float
    why: DropReason


Note = Stopped | Departed | Strayed | Holding | Discarded


class Trace(Protocol):
    """Whoever wants to know."""

    def saw(self, steps: Steps) -> None:
        """The steps that were decided on since the last call."""

    def told(self, note: Note) -> None:
        """A decision and its reason."""
