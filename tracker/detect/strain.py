"""Is the stretch bounced, forced, or too much for the muscle?"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from tracker.detect.events import StrainKind
from tracker.detect.motion.orientation import STEP_S

# A breath moves a leg by up to 3 degrees in 3 s or more. Bouncing swings it back and forth by two
# degrees or more, at half a hertz to three: three such turns within three seconds.
BOUNCE_DEG, _BOUNCES, _BOUNCE_S = 2.0, 3, 3.0
# Pushing deeper by four degrees within a second is outside of what any exhale does (2.6 deg/s at
# most) and under the five degrees a second that would end the hold.
FORCE_DEG_S = 4.0
# The leg also moves so when it settles into the hold and when it leaves: a push counts when the leg
# has been there for a while, and a push or a bounce when it is still there once the release would
# have been known.
_FORCE_FROM_S, _SURE_S = 3.0, 2.2
# Holding muscles shake 30 mg root mean square; twice that for three seconds is a tremble.
TREMBLE_G, _TREMBLE_S = 0.060, 3.0
# The same strain is stated again only after so long.
_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class StrainSeen:
    """`size`: degrees of a bounce, degrees a second of a force, mg of a tremble."""

    kind: StrainKind
    size: float


class _Suspected:
    """What a release looks like too: seen, and sure once the leg is still there."""

    def __init__(self) -> None:
        self._since_s, self.size = 0.0, 0.0

    def see(self, t_s: float, size: float) -> None:
        self._since_s, self.size = t_s, size

    def clear(self) -> None:
        self.size = 0.0

    def sure(self, t_s: float) -> float | None:
        """Its size, once."""
        if not self.size or t_s - self._since_s < _SURE_S:
            return None
        size, self.size = self.size, 0.0
        return size


class Strains:
    """Folds depth (degrees) and unrest (g) of a hold, one a step, into strains."""

    def __init__(self) -> None:
        self._depths: deque[float] = deque(maxlen=round(1.0 / STEP_S) + 1)
        self._swings: deque[tuple[float, float]] = deque(maxlen=_BOUNCES)
        self._turn = 0.0
        self._rising = False
        self._shaking_since: float | None = None
        self._shaking = 0.0
        self._told: dict[StrainKind, float] = {}
        self._first_s: float | None = None
        self._last_s = 0.0
        self._pushed, self._swung = _Suspected(), _Suspected()

    def step(self, t_s: float, depth_deg: float, unrest_g: float) -> StrainSeen | None:
        if self._first_s is None:
            self._first_s = t_s
        elif t_s - self._last_s > 1.5 * STEP_S:
            self._pushed.clear()  # the leg was away: it was a slip
            self._depths.clear()
        self._last_s = t_s
        self._depths.append(depth_deg)
        return (
            self._tell(t_s, "bounce", self._bounced(t_s, depth_deg))
            or self._tell(t_s, "force", self._forced(t_s, t_s - self._first_s))
            or self._tell(t_s, "tremble", self._trembled(t_s, unrest_g))
        )

    def _tell(self, t_s: float, kind: StrainKind, size: float | None) -> StrainSeen | None:
        if size is None or t_s - self._told.get(kind, -_AGAIN_S) < _AGAIN_S:
            return None
        self._told[kind] = t_s
        return StrainSeen(kind, size)

    def _bounced(self, t_s: float, depth_deg: float) -> float | None:
        self._swing(t_s, depth_deg)
        return self._swung.sure(t_s)

    def _swing(self, t_s: float, depth_deg: float) -> None:
        away = depth_deg - self._turn
        if (away > 0.0) == self._rising:
            self._turn = depth_deg
            return
        if abs(away) < BOUNCE_DEG:
            return
        self._swings.append((t_s, abs(away)))
        self._turn, self._rising = depth_deg, not self._rising
        several = len(self._swings) == _BOUNCES and t_s - self._swings[0][0] <= _BOUNCE_S
        if several and not self._swung.size:
            self._swung.see(t_s, math.fsum(size for _, size in self._swings) / _BOUNCES)

    def _forced(self, t_s: float, since_s: float) -> float | None:
        if len(self._depths) == self._depths.maxlen and since_s >= _FORCE_FROM_S:
            pace = self._depths[-1] - self._depths[0]
            if pace > max(FORCE_DEG_S, self._pushed.size):
                self._pushed.see(t_s, pace)
        return self._pushed.sure(t_s)

    def _trembled(self, t_s: float, unrest_g: float) -> float | None:
        if unrest_g < TREMBLE_G:
            self._shaking_since = None
            return None
        if self._shaking_since is None:
            self._shaking_since, self._shaking = t_s, unrest_g
        self._shaking += 0.2 * (unrest_g - self._shaking)
        if t_s - self._shaking_since < _TREMBLE_S:
            return None
        return 1000.0 * self._shaking
