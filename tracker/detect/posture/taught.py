"""Which postures has the wearer taught, and is this one of them?

A posture is learnt as the direction of up on the leg, with the rest before it. It is known again
where both are alike: within 20 degrees of the one and 45 of the other. A stretch that is known
anyhow keeps its name unless the leg is within 10 degrees of the taught posture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from tracker.detect.events import (
    HAMSTRING,
    INNER_THIGH,
    OTHER,
    PRONE_QUAD,
    STANDING_QUAD,
    Side,
)
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.posture.donning import Seat
from tracker.errors import StretchbandError

# A band is put on within 8 degrees of the last time and a posture taken within 10 (one deviation
# each); of the turn about the leg donning.py leaves some degrees.
ALIKE_DEG = 20.0
REST_ALIKE_DEG = 45.0
# Nearer than this, what was taught is meant and not what is known anyhow.
CLEARLY_DEG = 10.0
# What is nearer to the rest before is that rest, not a posture of its own.
_OWN_POSTURE_DEG = 20.0
# A leg that lies flat, front or back up: no rest before tells a split from lying down.
_FLAT_Y, _FLAT_X = 0.3, 0.7
HOLD_S = 10.0
# What is kept among the wearer's commands: what was learnt, as JSON, and a name that is forgotten.
TAUGHT, FORGET = "taught", "forget"
PATIENCE_S = 120.0

NAME = r"[a-z][a-z0-9_]{0,31}"
BUILT_IN = (HAMSTRING, INNER_THIGH, PRONE_QUAD, STANDING_QUAD, OTHER)


class TeachingError(StretchbandError):
    """What cannot be taught, and why."""


class Taught(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A posture of the wearer's own.

    up, rest: unit vectors on the leg, not on the band; `rest` is the rest before.
    """

    name: str
    side: Side | None
    up: Vector
    rest: Vector

    def off_deg(self, up: Vector, rest: Vector) -> float | None:
        """How far from this posture the leg is; None when it is another one."""
        if angle_deg(rest, self.rest) > REST_ALIKE_DEG:
            return None
        off = angle_deg(up, self.up)
        # Between the posture and its rest, half way belongs to the rest.
        reach = min(ALIKE_DEG, angle_deg(self.up, self.rest) / 2.0)
        return off if off <= reach else None


@dataclass(frozen=True, slots=True)
class Posed:
    """A posture that is kept: since when, which way is up, what the rest before was."""

    since_s: float
    up: Vector
    rest: Vector
    seat: Seat


def to_json(taught: Taught) -> str:
    """The payload of TAUGHT."""
    return msgspec.json.encode(taught).decode()


def check_name(name: str) -> str:
    """`name`, when it may be taught. Raises TeachingError."""
    if not re.fullmatch(NAME, name):
        raise TeachingError(
            f"{name[:40]!r} cannot be taught as a name; allowed are 1 to 32 of a-z, 0-9 and _, "
            "a letter first"
        )
    if name in BUILT_IN:
        raise TeachingError(
            f"{name} is known already; choose another name than {', '.join(BUILT_IN)}"
        )
    return name


def nearest(
    taught: Iterable[Taught], up: Vector, rest: Vector, side: Side | None, within_deg: float
) -> Taught | None:
    """The taught posture that this is; a leg that is known rules out the other one's."""
    best, best_deg = None, within_deg
    for one in taught:
        off_deg = None if _other_leg(one, side) else one.off_deg(up, rest)
        if off_deg is not None and off_deg <= best_deg:
            best, best_deg = one, off_deg
    return best


def heard(before: tuple[Taught, ...], command: str, payload: str) -> tuple[Taught, ...]:
    """What is known after a command: TAUGHT replaces what had the name on the same leg, FORGET
    takes the name from either leg, others change nothing.
    """
    if command == TAUGHT:
        new = msgspec.json.decode(payload, type=Taught)
        kept = (one for one in before if (one.name, one.side) != (new.name, new.side))
        return (*kept, new)
    if command == FORGET:
        return tuple(one for one in before if one.name != payload)
    return before


class Lesson:
    """Waits until a posture is held for ten seconds that was taken after the lesson began."""

    def __init__(self, name: str, side: Side | None, patience_s: float = PATIENCE_S) -> None:
        """Raises TeachingError for a name that may not be taught."""
        self.name, self.side, self._patience_s = check_name(name), side, patience_s
        self._from_s: float | None = None
        self._why = "no posture was held for 10 s after a rest"

    def look(self, posed: Posed | None, now_s: float) -> Taught | None:
        """Now this is kept, or nothing; what was learnt.

        Raises TeachingError, which says why, when two minutes (`patience_s`) brought nothing.
        """
        if self._from_s is None or now_s < self._from_s:
            self._from_s = now_s
        if posed is not None and self._from_s <= posed.since_s <= now_s - HOLD_S:
            up, rest = posed.seat.on_leg(posed.up), posed.seat.on_leg(posed.rest)
            why = _no_posture(up, rest)
            if why is None:
                return Taught(self.name, self.side, _rounded(up), _rounded(rest))
            self._why = why
        if now_s - self._from_s > self._patience_s:
            raise TeachingError(self.failed())
        return None

    def failed(self) -> str:
        """Why nothing has been learnt yet."""
        return f"{self.name} was not learnt: {self._why}"


def _no_posture(up: Vector, rest: Vector) -> str | None:
    if angle_deg(up, rest) < _OWN_POSTURE_DEG:
        return f"what was held is within {_OWN_POSTURE_DEG:.0f} degrees of the rest before it"
    if abs(up[1]) < _FLAT_Y and abs(up[0]) > _FLAT_X:
        return "gravity cannot tell what was held from a leg that lies flat"
    return None


def _other_leg(one: Taught, side: Side | None) -> bool:
    return side is not None and one.side is not None and one.side != side


def _rounded(v: Vector) -> Vector:
    return (round(v[0], 4), round(v[1], 4), round(v[2], 4))
