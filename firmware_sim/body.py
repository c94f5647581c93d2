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
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter
from scipy.spatial.transform import Rotation

from firmware_sim.script import Floats, Script

GRAVITY: Final = 9.80665
THIGH_M: Final = 0.40  # hip to knee
SHANK_M: Final = 0.40  # knee to band
HIP_ASIDE_M: Final = 0.09
ANKLE_RADIUS_M: Final = 0.045

_INSTANT_S: Final = 0.002  # for the second difference of the position: 11 Hz is right to 0.2 %
_SHANK_TO_BAND: Final = Rotation.from_matrix([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
_UP: Final = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Jolt:
    """A knock that rings in the strap and the skin: peak (x, y, z) in g, band axes."""

    at_s: float
    peak_g: tuple[float, float, float]
    ring_hz: float = 18.0
    fade_s: float = 0.04


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
        stride_hz: float = 0.9,
    ) -> None:
        rng = np.random.default_rng([seed, 1])
        self._script = script
        self._stride_hz = stride_hz
        self._sway = _wander(rng, until_s, channels=6, knot_s=0.4, memory_s=2.0)
        self._hand = _wander(rng, until_s, channels=6, knot_s=0.25, memory_s=0.4)
        self._tremor_hz = rng.uniform(7.5, 11.5, 6)
        self._tremor_phase = rng.uniform(0.0, 2 * np.pi, (2, 6))
        self._jolts = sorted(jolts or [], key=lambda jolt: jolt.at_s)
        self._jolt_times = [jolt.at_s for jolt in self._jolts]

    def leg_up(self, t_s: Floats) -> Floats:
        """Which way is up in the leg's own axes as if worn exactly, shape (n, 3), free of shake.

        These are the axes of a band put on exactly; the truth of a session is taken from here.
        """
        script = self._script
        shank = self._upper(t_s, np.zeros((len(t_s), 6))) * _turn("Y", script.knee.at(t_s))
        worn = shank * _turn("Z", 90.0 * (1.0 - script.side.at(t_s))) * _SHANK_TO_BAND
        return np.asarray(worn.inv().apply(_UP), np.float64)

    def specific_force(self, t_s: Floats) -> Floats:
        """What an exact accelerometer in the band feels, shape (n, 3), in g, band axes."""
        n = len(t_s)
        around = np.concatenate([t_s - _INSTANT_S, t_s, t_s + _INSTANT_S])
        turn, place = self._band(around)
        before, now, after = place[:n], place[n : 2 * n], place[2 * n :]
        acceleration = (after - 2.0 * now + before) / _INSTANT_S**2
        felt = turn[n : 2 * n].inv().apply(acceleration / GRAVITY + _UP)
        return np.asarray(felt, np.float64) + self._ringing(t_s)

    def _upper(self, t_s: Floats, shake_deg: Floats) -> Rotation:
        """The thigh's turn in the world."""
        script, side = self._script, self._script.side.at(t_s)
        hip, _ = self._gait(t_s)
        trunk = [-script.pitch.at(t_s), script.roll.at(t_s) - side * script.fall_out.at(t_s)]
        thigh = [
            -(script.hip_flexion.at(t_s) + hip + shake_deg[:, 0]),
            -side * (script.abduction.at(t_s) + shake_deg[:, 1]),
            -side * (script.rotation.at(t_s) + shake_deg[:, 2]),
        ]
        return _turn("YZ", np.column_stack(trunk)) * _turn("YXZ", np.column_stack(thigh))

    def _band(self, t_s: Floats) -> tuple[Rotation, Floats]:
        """The band's turn in the world and its place, shape (n, 3)."""
        script, side = self._script, self._script.side.at(t_s)
        shake = self._shake(t_s)
        upper = self._upper(t_s, shake)
        shank = upper * _turn("Y", script.knee.at(t_s) + self._gait(t_s)[1] + shake[:, 3])
        worn = shank * _turn("Z", 90.0 * (1.0 - side) + script.turn.at(t_s))
        place = self._hip(t_s, side) + upper.apply([0.0, 0.0, -THIGH_M])
        place = place + shank.apply([0.0, 0.0, -SHANK_M]) + worn.apply([0.0, -ANKLE_RADIUS_M, 0.0])
        turn = worn * _turn("X", script.tilt.at(t_s)) * _SHANK_TO_BAND
        return self._in_hand(t_s, *self._swaying(t_s, turn, place))

    def _hip(self, t_s: Floats, side: Floats) -> Floats:
        script = self._script
        trunk = np.column_stack([-script.pitch.at(t_s), script.roll.at(t_s)])
        aside = np.column_stack([0.0 * side, -HIP_ASIDE_M * side, 0.0 * side])
        bob = 0.02 * np.cos(4 * np.pi * self._stride_hz * t_s) * script.walk.at(t_s)
        height = script.pelvis_z.at(t_s) + bob
        pelvis = np.column_stack([script.pelvis_x.at(t_s), 0.0 * t_s, height])
        return pelvis + np.asarray(_turn("YZ", trunk).apply(aside))

    def _gait(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Hip flexion and knee bend of walking, degrees; a stride begins with the heel's landing.

        The knee gives a little when loaded and bends about 60 degrees in the swing (Winter 1991).
        """
        walk = self._script.walk.at(t_s)
        if not walk.any():
            return walk, walk
        phase = 2 * np.pi * self._stride_hz * t_s
        knee = 4.0 + 12.0 * _bump(phase, 0.13, 6.0) + 54.0 * _bump(phase, 0.73, 5.0)
        return walk * (9.0 + 20.0 * np.cos(phase + 0.25)), walk * knee

    def _shake(self, t_s: Floats) -> Floats:
        """Unscripted degrees at hip flexion, abduction, rotation and knee: sway and tremor."""
        wander: Floats = self._sway(t_s)
        shake = wander * (self._script.effort.at(t_s) * 0.6)[:, None]
        size = self._script.tremor.at(t_s) / 1000.0
        if size.any():
            waves = 2 * np.pi * t_s[:, None] * self._tremor_hz
            size *= 0.35 * (1.0 + 0.4 * np.tanh(wander[:, 5]))  # bursts, and six waves add up
            for joint, phase in zip((0, 3), self._tremor_phase, strict=True):
                shake[:, joint] += size * np.sin(waves + phase).sum(axis=1)
        return shake

    def _swaying(self, t_s: Floats, turn: Rotation, place: Floats) -> tuple[Rotation, Floats]:
        """A standing body sways as a whole about its feet."""
        script = self._script
        size = script.sway.at(t_s)
        if not size.any():
            return turn, place
        lean = np.zeros((len(t_s), 3))
        lean[:, :2] = np.radians(self._sway(t_s)[:, 4:] * size[:, None])
        feet = np.column_stack([script.pelvis_x.at(t_s), 0.0 * t_s, 0.0 * t_s])
        about_feet = Rotation.from_rotvec(lean)
        return about_feet * turn, feet + np.asarray(about_feet.apply(place - feet))

    def _in_hand(self, t_s: Floats, turn: Rotation, place: Floats) -> tuple[Rotation, Floats]:
        """A band that is off the leg is turned over and carried about by the hand."""
        loose = self._script.loose.at(t_s)
        if not loose.any():
            return turn, place
        wander = self._hand(t_s) * loose[:, None]
        return turn * Rotation.from_rotvec(0.7 * wander[:, :3]), place + 0.06 * wander[:, 3:]

    def _ringing(self, t_s: Floats) -> Floats:
        rung = np.zeros((len(t_s), 3))
        if not len(t_s):
            return rung
        first = bisect_left(self._jolt_times, t_s[0] - 0.4)
        for jolt in self._jolts[first : bisect_left(self._jolt_times, t_s[-1])]:
            part = slice(*np.searchsorted(t_s, [jolt.at_s, jolt.at_s + 0.4]))
            since = t_s[part] - jolt.at_s
            wave = np.sin(2 * np.pi * jolt.ring_hz * since) * np.exp(-since / jolt.fade_s)
            rung[part] += wave[:, None] * jolt.peak_g
        return rung


def _turn(axes: str, angles_deg: Floats) -> Rotation:
    return Rotation.from_euler(axes, angles_deg.reshape(-1, len(axes)), degrees=True)


def _bump(phase: Floats, at: float, sharpness: float) -> Floats:
    """1 at a share of the stride, smooth and periodic."""
    return np.asarray(np.exp(sharpness * (np.cos(phase - 2 * np.pi * at) - 1.0)), np.float64)


def _wander(
    rng: np.random.Generator, until_s: float, *, channels: int, knot_s: float, memory_s: float
) -> CubicSpline[np.float64]:
    """Smooth random paths of unit size that forget within `memory_s`."""
    keep = np.exp(-knot_s / memory_s)
    knots = rng.standard_normal((int(until_s / knot_s) + 4, channels)) * np.sqrt(1 - keep**2)
    knots[0] /= np.sqrt(1 - keep**2)
    return CubicSpline(np.arange(len(knots)) * knot_s, lfilter([1.0], [1.0, -keep], knots, axis=0))
