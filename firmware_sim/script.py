"""How a motion is written down: poses that are reached one after another, joint by joint."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RIGHT: Final = 1.0
LEFT: Final = -1.0


class Track:
    """One quantity over time: rests and minimum-jerk moves (Flash and Hogan 1985) between them."""

    def __init__(self, value: float = 0.0) -> None:
        self._starts = [0.0]
        self._spans = [1.0]
        self._from = [value]
        self._to = [value]
        self._packed: Floats | None = None

    @property
    def last(self) -> float:
        """The value after the last move."""
        return self._to[-1]

    def move(self, start_s: float, end_s: float, value: float) -> None:
        """Go to `value` between the two times. Raises ValueError when moves overlap."""
        moved_until_s = self._starts[-1] + self._spans[-1] if len(self._starts) > 1 else 0.0
        if start_s < moved_until_s - 1e-9 or end_s <= start_s:
            raise ValueError(f"a move from {start_s} to {end_s} s after one to {moved_until_s} s")
        self._from.append(self.last)
        self._starts.append(start_s)
        self._spans.append(end_s - start_s)
        self._to.append(value)
        self._packed = None

    def at(self, t_s: Floats) -> Floats:
        """The values at the times, shape (n,)."""
        if self._packed is None:
            self._packed = np.array([self._starts, self._spans, self._from, self._to])
        starts, spans, start_value, end_value = self._packed
        i = np.clip(np.searchsorted(starts, t_s, "right") - 1, 0, None)
        s = np.clip((t_s - starts[i]) / spans[i], 0.0, 1.0)
        part = s**3 * (10.0 + s * (6.0 * s - 15.0))
        value: Floats = start_value[i] + (end_value[i] - start_value[i]) * part
        return value


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a move leads; None leaves a quantity as it is. Angles in degrees, places in metres.

    pitch:       the trunk leans back; 90 is lying with the face up where roll is 0.
    roll:        turn about the trunk's long axis; 180 with pitch 90 is lying on the belly.
    pelvis_x, pelvis_z: where the hips are, forward and above the floor.
    hip_flexion: thigh forward of the trunk's line.  fall_out: the flexed leg swung outwards about
                 the trunk's line.  abduction: the leg aside.  rotation: toes out.
    knee:        bend.
    side:        +1 the band is on the right leg, -1 on the left.
    turn, tilt:  how the band is put on: turned about the leg, and its arrow off the leg's line.
    walk:        0 to 1, share of walking.  loose: 0 to 1, the band is in the hand.
    effort:      sway of a leg held up, degrees.  sway: sway of the standing body, degrees.
    tremor:      of the muscles at the hip and the knee, thousandths of a degree.
    """

    pitch: float | None = None
    roll: float | None = None
    pelvis_x: float | None = None
    pelvis_z: float | None = None
    hip_flexion: float | None = None
    fall_out: float | None = None
    abduction: float | None = None
    rotation: float | None = None
    knee: float | None = None
    side: float | None = None
    turn: float | None = None
    tilt: float | None = None
    walk: float | None = None
    loose: float | None = None
    effort: float | None = None
    sway: float | None = None
    tremor: float | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """The whole motion as one track for each quantity of a pose."""

    pitch: Track = field(default_factory=Track)
    roll: Track = field(default_factory=Track)
    pelvis_x: Track = field(default_factory=Track)
    pelvis_z: Track = field(default_factory=Track)
    hip_flexion: Track = field(default_factory=Track)
    fall_out: Track = field(default_factory=Track)
    abduction: Track = field(default_factory=Track)
    rotation: Track = field(default_factory=Track)
    knee: Track = field(default_factory=Track)
    side: Track = field(default_factory=lambda: Track(RIGHT))
    turn: Track = field(default_factory=Track)
    tilt: Track = field(default_factory=Track)
    walk: Track = field(default_factory=Track)
    loose: Track = field(default_factory=Track)
    effort: Track = field(default_factory=Track)
    sway: Track = field(default_factory=Track)
    tremor: Track = field(default_factory=Track)

    @classmethod
    def starting(cls, pose: Pose) -> Script:
        """A script that rests in a pose."""
        tracks = {f.name: getattr(pose, f.name) for f in fields(pose)}
        return cls(**{name: Track(value) for name, value in tracks.items() if value is not None})

    def move(self, start_s: float, end_s: float, pose: Pose) -> None:
        """Lead every quantity that the pose names to its value between the two times."""
        for f in fields(pose):
            value = getattr(pose, f.name)
            track: Track = getattr(self, f.name)
            if value is not None and value != track.last:
                track.move(start_s, end_s, value)
