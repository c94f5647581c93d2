"""Is the stretch bounced, forced, or too much for the muscle?"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tracker.detect.events import StrainKind
from tracker.detect.orientation import STEP_S

# A breath moves a leg by up to 3 degrees in 3 s or more. Bouncing swings it back and forth by two
# degrees or more, at half a hertz to three: three such turns within three seconds.
BOUNCE_DEG, _BOUNCES, _BOUNCE_S = 2.0, 3, 3.0
# Pushing deeper by four degrees within a second is outside of what any exhale does (2.6 deg/s at
# most) and under the five degrees a second that would end the hold.
FORCE_DEG_S = 4.0
# Holding muscles shake 30 mg root mean square; twice that for three seconds is a tremble.
TREMBLE_G, _TREMBLE_S = 0.060, 3.0
# The same strain is stated again only after so long.
_AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class StrainSeen:
    """`size`: degrees of a bounce, degrees a second of a force, mg of a tremble."""

    kind: StrainKind
    size: float


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

    def step(self, t_s: float, depth_deg: float, unrest_g: float) -> StrainSeen | None:
        self._depths.append(depth_deg)
        return (
            self._tell(t_s, "bounce", self._bounced(t_s, depth_deg))
            or self._tell(t_s, "force", self._forced())
            or self._tell(t_s, "tremble", self._trembled(t_s, unrest_g))
        )

    def _tell(self, t_s: float, kind: StrainKind, size: float | None) -> StrainSeen | None:
        if size is None or t_s - self._told.get(kind, -_AGAIN_S) < _AGAIN_S:
            return None
        self._told[kind] = t_s
        return StrainSeen(kind, size)

    def _bounced(self, t_s: float, depth_deg: float) -> float | None:
        away = depth_deg - self._turn
        if (away > 0.0) == self._rising:
            self._turn = depth_deg
            return None
        if abs(away) < BOUNCE_DEG:
            return None
        self._swings.append((t_s, abs(away)))
        self._turn, self._rising = depth_deg, not self._rising
        if len(self._swings) < _BOUNCES or t_s - self._swings[0][0] > _BOUNCE_S:
            return None
        return sum(size for _, size in self._swings) / _BOUNCES

    def _forced(self) -> float | None:
        if len(self._depths) < (self._depths.maxlen or 0):
            return None
        pace = self._depths[-1] - self._depths[0]
        return pace if pace > FORCE_DEG_S else None

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
