"""What the band feels: joint angles over time give its place and turn, and these the force on it.

World axes: X forward of a standing body, Y to its left, Z up. Shank axes: X to the front of the
leg, Z to the knee. The band sits on the outer side, so on the right leg band x, y, z are shank X,
Z, -Y; on the left leg the band is turned by half a turn about the leg.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_sim.script import Floats, Script
from firmware_sim.wander import wander

GRAVITY: Final = 9.80665

THIGH_M: Final = 0.40  # hip to knee
SHANK_M: Final = 0.40  # knee to band
HIP_ASIDE_M: Final = 0.09
ANKLE_RADIUS_M: Final = 0.045

_INSTANT_S: Final = 0.002  # for the second difference of the place: 11 Hz is right to 0.2 %
_RING_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Jolt:
    """A knock that rings in the strap and the skin: peak (x, y, z) in g, band axes."""

    at_s: float
    peak_g: tuple[float, float, float]
    ring_hz: float = 18.0
    fade_s: float = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Three axes in world coordinates, each of shape (3, n)."""

    x: Floats
    y: Floats
    z: Floats

    @classmethod
    def world(cls, n: int) -> _Frame:
        eye = np.eye(3)[:, :, None] * np.ones(n)
        return cls(eye[0], eye[1], eye[2])

    def about_x(self, deg: Floats) -> _Frame:
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        return _Frame(self.x, c * self.y + s * self.z, c * self.z - s * self.y)

    def about_y(self, deg: Floats) -> _Frame:
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        return _Frame(c * self.x - s * self.z, self.y, c * self.z + s * self.x)

    def about_z(self, deg: Floats) -> _Frame:
        c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
        return _Frame(c * self.x + s * self.y, c * self.y - s * self.x, self.z)

    def as_band(self) -> _Frame:
        """A shank's axes to those of a band on the outside of a right leg."""
        return _Frame(self.x, self.z, -self.y)

    def seen(self, vector: Floats) -> Floats:
        """World vectors (3, n) in these axes, shape (n, 3)."""
        return np.stack([(axis * vector).sum(axis=0) for axis in (self.x, self.y, self.z)], axis=1)

    def up(self) -> Floats:
        """Which way is up in these axes, shape (n, 3)."""
        return np.stack([self.x[2], self.y[2], self.z[2]], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Shake:
    """Degrees that no one scripts, each of shape (n,): at the joints, and the whole body's sway."""

    hip_flexion: Floats
    abduction: Floats
    rotation: Floats
    knee: Floats
    lean_x: Floats
    lean_y: Floats


class Body:
    """A leg that follows a script, with the sway and the shake that no one scripts.

    Everything is a function of time from the seed, so that any part can be asked for in any order.
    """

    def __init__(
        self,
        script: Script,
        seed: int,
        until_s: float,
        jolts: list[Jolt] | None = None,
        stride_hz: float = 0.8,
    ) -> None:
        rng = np.random.default_rng([seed, 1])
        self._script = script
        self._stride_hz = stride_hz
        self._sway = wander(rng, until_s, channels=6, knot_s=0.8, memory_s=2.5)
        self._hand = wander(rng, until_s, channels=6, knot_s=0.25, memory_s=0.4)
        self._tremor_hz = rng.uniform(7.5, 11.5, 6)
        self._tremor_phase = rng.uniform(0.0, 2 * np.pi, (2, 6))
        self._jolts = sorted(jolts or [], key=lambda jolt: jolt.at_s)
        self._jolt_times = [jolt.at_s for jolt in self._jolts]

    def leg_up(self, t_s: Floats) -> Floats:
        """Which way is up in the leg's own axes, shape (n, 3), free of sway and shake.

        These are the axes of a band put on exactly; the truth of a session is taken from here.
        """
        still = np.zeros(len(t_s))
        worn, _ = self._worn(t_s, _Shake(still, still, still, still, still, still))
        return worn.as_band().up()

    def specific_force(self, t_s: Floats) -> Floats:
        """What an exact accelerometer in the band feels, shape (n, 3), in g, band axes."""
        _, before = self._band(t_s - _INSTANT_S)
        band, now = self._band(t_s)
        _, after = self._band(t_s + _INSTANT_S)
        force = (after - 2.0 * now + before) / (_INSTANT_S**2 * GRAVITY)
        force[2] += 1.0
        return band.seen(force) + self._ringing(t_s)

    def _band(self, t_s: Floats) -> tuple[_Frame, Floats]:
        """The band's axes and its place, shape (3, n), in the world."""
        script = self._script
        worn, place = self._worn(t_s, self._shake(t_s))
        band = worn.about_z(script.turn.at(t_s)).about_x(script.tilt.at(t_s)).as_band()
        return self._in_hand(t_s, band, place)

    def _worn(self, t_s: Floats, shake: _Shake) -> tuple[_Frame, Floats]:
        """The shank's axes, turned to the side that the band is on, and the band's place."""
        script, side = self._script, self._script.side.at(t_s)
        swing, bend, bob = self._gait(t_s)
        ground = _Frame.world(len(t_s)).about_x(shake.lean_x).about_y(shake.lean_y)
        trunk = ground.about_y(-script.pitch.at(t_s)).about_z(script.roll.at(t_s))
        thigh = trunk.about_z(-side * script.fall_out.at(t_s))
        thigh = thigh.about_y(-(script.hip_flexion.at(t_s) + swing + shake.hip_flexion))
        thigh = thigh.about_x(-side * (script.abduction.at(t_s) + shake.abduction))
        thigh = thigh.about_z(-side * (script.rotation.at(t_s) + shake.rotation))
        shank = thigh.about_y(script.knee.at(t_s) + bend + shake.knee)
        worn = shank.about_z(90.0 * (1.0 - side))
        pelvis = (script.pelvis_z.at(t_s) + bob) * ground.z
        pelvis[0] += script.pelvis_x.at(t_s)
        knee = pelvis - HIP_ASIDE_M * side * trunk.y - THIGH_M * thigh.z
        return worn, knee - SHANK_M * shank.z - ANKLE_RADIUS_M * worn.y

    def _gait(self, t_s: Floats) -> tuple[Floats, Floats, Floats]:
        """Walking: degrees of hip flexion and knee bend, and metres that the pelvis bobs.

        A stride begins with the heel's landing. The knee gives a little when it is loaded and
        bends about 50 degrees in the swing (the shape of Winter 1991, at an indoor pace).
        """
        walk = self._script.walk.at(t_s)
        if not walk.any():
            return walk, walk, walk
        phase = 2 * np.pi * self._stride_hz * t_s
        swing = 7.0 + 17.0 * np.cos(phase + 0.25)
        bend = 3.0 + 7.0 * _bump(phase, 0.14, 4.0) + 48.0 * _bump(phase, 0.72, 2.6)
        return walk * swing, walk * bend, walk * 0.012 * np.cos(2.0 * phase)

    def _shake(self, t_s: Floats) -> _Shake:
        script = self._script
        swaying = self._sway.at(t_s).T
        flexion, abduction, rotation, knee = swaying[:4] * script.effort.at(t_s)
        lean_x, lean_y = swaying[4:] * script.sway.at(t_s)
        size = script.tremor.at(t_s) / 1000.0
        if size.any():
            waves = 2 * np.pi * self._tremor_hz[:, None] * t_s
            size *= 0.6 * (1.0 + 0.4 * np.tanh(swaying[5]))  # in bursts; six waves make up the size
            flexion += size * np.sin(waves + self._tremor_phase[0][:, None]).sum(axis=0)
            knee += size * np.sin(waves + self._tremor_phase[1][:, None]).sum(axis=0)
        return _Shake(flexion, abduction, rotation, knee, lean_x, lean_y)

    def _in_hand(self, t_s: Floats, band: _Frame, place: Floats) -> tuple[_Frame, Floats]:
        """A band that is off the leg is turned over and carried about by the hand."""
        loose = self._script.loose.at(t_s)
        if not loose.any():
            return band, place
        moving = self._hand.at(t_s).T * loose
        turns = 40.0 * moving[:3]
        band = band.about_x(turns[0]).about_y(turns[1]).about_z(turns[2])
        return band, place + 0.06 * moving[3:]

    def _ringing(self, t_s: Floats) -> Floats:
        rung = np.zeros((len(t_s), 3))
        if not len(t_s):
            return rung
        first = bisect_left(self._jolt_times, t_s[0] - _RING_S)
        for jolt in self._jolts[first : bisect_left(self._jolt_times, t_s[-1])]:
            part = slice(*np.searchsorted(t_s, [jolt.at_s, jolt.at_s + _RING_S]))
            since = t_s[part] - jolt.at_s
            wave = np.sin(2 * np.pi * jolt.ring_hz * since) * np.exp(-since / jolt.fade_s)
            rung[part] += wave[:, None] * jolt.peak_g
        return rung


def _bump(phase: Floats, at: float, sharpness: float) -> Floats:
    """1 at a share of the stride, smooth and periodic."""
    return np.asarray(np.exp(sharpness * (np.cos(phase - 2 * np.pi * at) - 1.0)), np.float64)
