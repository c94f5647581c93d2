"""What really happened in a session, in the shape that recordings keep beside them as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
Stretch = Literal["hamstring", "inner_thigh", "prone_quad", "standing_quad"]
Rest = Literal["standing", "supine", "prone"]


@dataclass(frozen=True, slots=True)
class Breath:
    """One breath of a hold: deeper by `depth` degrees with the exhale, eased with the inhale."""

    exhale_s: float
    exhale_end_s: float
    end_s: float
    depth: float


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold; start and end by the contract, from the leg's tilt without shake or noise.

    angle_deg:  mean depth by the contract's meaning for the stretch.  gain_deg: end less start.
    amp_deg:    mean depth of a breath.  rate_bpm: breaths a minute.
    """

    start_s: float
    end_s: float
    duration_s: float
    stretch: Stretch
    side: Side
    breaths: tuple[Breath, ...]
    rate_bpm: float
    amp_deg: float
    gain_deg: float
    angle_deg: float


@dataclass(frozen=True, slots=True)
class Rep:
    """One breath-paced straightening: exhale to the top, inhale back."""

    start_s: float
    top_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name."""

    label: Rest | Literal["off_leg"]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """A whole session."""

    holds: tuple[Hold, ...]
    reps: tuple[Rep, ...]
    rests: tuple[Span, ...]
    off_leg: tuple[Span, ...]
    rate_hz: float
    duration_s: float
