"""What is told of a posture that is kept, and of one that was left."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.detect.motion.cells import Vector


@dataclass(frozen=True, slots=True)
class Kept:
    """A posture is kept with the direction `up`; it began in the span of cells."""

    up: Vector
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Left:
    """The posture was left at `end_s`; `up` is where it was last kept.

    still_s: how long the leg was still without a break; only where short holds are asked for.
    unseen:  it was left while it was out of sight, from end_s on.
    """

    end_s: float
    up: Vector
    still_s: float | None
    unseen: bool = False
