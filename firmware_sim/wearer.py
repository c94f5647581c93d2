"""How one wearer goes through a session: every move, hold and breath, written down one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from firmware_sim import truth
from firmware_sim.body import Jolt
from firmware_sim.script import LEFT, RIGHT, Pose, Script
from firmware_sim.truth import Side, Stretch

STRIDE_HZ: Final = 0.8
MOST_REPS: Final = 3
LEAST_HOLD_S: Final = 7.0
EASY_HOLD_S: Final = 38.0


@dataclass(frozen=True, slots=True)
class _Joint:
    """One joint of a leg that goes up by exhaling: where reps begin, where the hold is."""

    name: str
    low: float
    top: float

    def at(self, value: float) -> Pose:
        return Pose(**{self.name: value})


@dataclass(frozen=True, slots=True)
class _Way:
    """How one stretch is done: into the start position, which joint lifts, which one breathes."""

    stretch: Stretch
    enter: Pose
    lift: _Joint
    breathes: str
    leave: Pose


@dataclass(slots=True)
class Planned:
    """A hold as scripted: it lies somewhere between the rise's start and the release's end."""

    stretch: Stretch
    side: Side
    rise_s: float
    middle_s: float
    released_s: float
    breaths: list[truth.Breath]
    gain_deg: float


@dataclass(slots=True)
class Log:
    """What the truth is made of, on the leg's time."""

    holds: list[Planned] = field(default_factory=list)
    reps: list[truth.Rep] = field(default_factory=list)
    rests: list[truth.Span] = field(default_factory=list)
    off_leg: list[truth.Span] = field(default_factory=list)
    jolts: list[Jolt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How much time the wearer takes: -1 in a rush, 0 hurried, 1 at ease; `reps` at most."""

    ease: float
    reps: int
    rounds: int = 1


class Wearer:
    """Writes the script and the log of one session, move by move."""

    def __init__(self, seed: int, tempo: Tempo) -> None:
        self._rng = np.random.default_rng([seed, 0])
        self._tempo = tempo
        self._side: Side = "right" if self._rng.random() < 0.5 else "left"
        self._facing = 0.0
        self._t = 0.0
        self.log = Log()
        start = Pose(pitch=0.0, pelvis_z=0.88, knee=2.0, rotation=5.0, sway=0.25)
        turn, tilt = self._worn()
        self.script = Script.starting(replace(start, side=self._sign, turn=turn, tilt=tilt))

    @property
    def t_s(self) -> float:
        return self._t

    @property
    def _sign(self) -> float:
        return RIGHT if self._side == "right" else LEFT

    def session(self) -> None:
        """Both legs, as often as the tempo says, from standing to standing."""
        for number in range(2 * self._tempo.rounds):
            self._to_the_mat()
            if number:
                self._change_legs()
            self._lie_back()
            self._one_leg()
        self._rest("standing", 2.0, 6.0)

    # Time: every span is hurried, at ease or between, and a little uneven when there is time.

    def _span(
        self, hurried_s: float, easy_s: float, *, uneven: float = 0.2, rush: float = 0.3
    ) -> float:
        ease = self._tempo.ease
        chance = self._rng.uniform(-uneven, uneven)
        if ease < 0.0:
            return hurried_s * (1.0 + rush * ease)
        return (hurried_s + ease * (easy_s - hurried_s)) * (1.0 + min(ease, 1.0) * chance)

    def _move(self, seconds: float, pose: Pose) -> None:
        self.script.move(self._t, self._t + seconds, pose)
        self._t += seconds

    def _rest(self, label: truth.Rest, hurried_s: float, easy_s: float) -> None:
        start_s = self._t
        self._t += self._span(hurried_s, easy_s, uneven=0.4, rush=0.0)
        self.log.rests.append(truth.Span(label, start_s, self._t))

    def _about(self, value: float, spread: float) -> float:
        return value + float(self._rng.uniform(-spread, spread))

    # The body as a whole.

    def _to_the_mat(self) -> None:
        self._rest("standing", 1.0, 5.0)
        self._facing += 180.0 * (self._facing % 360.0 != 0.0)  # turns round on the way
        start_s, seconds = self._t, self._span(3.0, 9.0)
        self._move(0.7, Pose(walk=1.0))
        self.script.move(start_s, start_s + seconds, self._walked(seconds))
        self._t = start_s + seconds - 0.7
        self._move(0.7, Pose(walk=0.0))
        self._heels(start_s + 0.4, self._t - 0.4)
        self._t += self._span(0.5, 1.5)
        down_s = self._span(1.4, 2.2)
        x = self.script.pelvis_x.last
        self._move(
            down_s,
            Pose(pitch=-35.0, hip_flexion=105.0, knee=110.0, pelvis_z=0.42, pelvis_x=x - 0.15),
        )
        self._move(down_s, self._sitting(x - 0.75))
        self._knock(0.4)

    def _walked(self, seconds: float) -> Pose:
        return Pose(pelvis_x=self.script.pelvis_x.last + 0.7 * seconds, roll=self._facing)

    def _sitting(self, x: float) -> Pose:
        return Pose(
            pitch=15.0, hip_flexion=75.0, knee=4.0, pelvis_z=0.1, pelvis_x=x, sway=0.0, effort=0.02
        )

    def _lie_back(self) -> None:
        toes_out = self._about(15.0, 6.0)
        self._move(self._span(1.6, 2.6), Pose(pitch=90.0, hip_flexion=0.0, rotation=toes_out))
        self._supine = Pose(hip_flexion=0.0, fall_out=0.0, knee=3.0, rotation=toes_out, effort=0.02)

    def _turn_over(self) -> None:
        half = self._span(1.0, 1.8)
        self._move(half, Pose(roll=self._facing + 80.0, knee=25.0, hip_flexion=15.0, pelvis_z=0.16))
        self._facing += 180.0
        prone = Pose(roll=self._facing, knee=3.0, hip_flexion=0.0, pelvis_z=0.1, rotation=6.0)
        self._move(half, prone)
        self._knock(0.2)

    def _get_up(self) -> None:
        fours = Pose(hip_flexion=90.0, knee=90.0, pelvis_z=0.45, effort=0.1)
        self._move(self._span(1.4, 2.2), fours)
        stand = Pose(pitch=0.0, hip_flexion=0.0, knee=2.0, rotation=5.0, pelvis_z=0.88)
        self._move(self._span(1.8, 2.8), replace(stand, sway=0.25, effort=0.0))
        self._knock(0.6)

    def _change_legs(self) -> None:
        """The band is unstrapped, carried over, strapped on the other leg, never quite alike."""
        self._side = "left" if self._side == "right" else "right"
        self._t += self._span(0.4, 1.5)
        start_s, seconds = self._t, self._span(4.5, 14.0)
        turn, tilt = self._worn()
        self.script.move(start_s, start_s + 0.25 * seconds, Pose(loose=1.0))
        over = Pose(side=self._sign, turn=turn, tilt=tilt)
        self.script.move(start_s + 0.25 * seconds, start_s + 0.6 * seconds, over)
        self.script.move(start_s + 0.65 * seconds, start_s + seconds, Pose(loose=0.0))
        self._t += seconds
        self.log.off_leg.append(truth.Span("off_leg", start_s, self._t))
        self._fumbling(start_s, self._t)
        self._t += self._span(0.4, 1.5)

    def _worn(self) -> tuple[float, float]:
        """How the band is put on: turned about the leg and tilted, degrees."""
        turn, tilt = self._rng.normal(0.0, 8.0), self._rng.normal(0.0, 2.5)
        return float(np.clip(turn, -25.0, 25.0)), float(np.clip(tilt, -7.0, 7.0))

    # Knocks.

    def _knock(self, size_g: float) -> None:
        x, y, z = size_g * self._rng.normal(0.0, 0.6, 3)
        self.log.jolts.append(Jolt(self._t, (float(x), float(y), float(z))))

    def _heels(self, start_s: float, end_s: float) -> None:
        """Each heel's landing; the other foot's is felt a little."""
        for half_stride in range(int(2 * start_s * STRIDE_HZ) + 1, int(2 * end_s * STRIDE_HZ) + 1):
            size = self._rng.uniform(0.8, 2.2) * (1.0 if half_stride % 2 == 0 else 0.12)
            x, z = 0.4 * size * self._rng.normal(size=2)
            at_s = half_stride / (2 * STRIDE_HZ)
            self.log.jolts.append(Jolt(at_s, (float(x), float(size), float(z))))

    def _fumbling(self, start_s: float, end_s: float) -> None:
        for at_s in np.sort(self._rng.uniform(start_s, end_s, int(2.5 * (end_s - start_s)))):
            x, y, z = self._rng.normal(0.0, 0.45, 3)
            self.log.jolts.append(Jolt(float(at_s), (float(x), float(y), float(z)), fade_s=0.03))

    # The stretches.

    def _one_leg(self) -> None:
        self._rest("supine", 1.8, 12.0)
        self._stretch(self._hamstring())
        self._rest("supine", 1.8, 12.0)
        self._stretch(self._inner_thigh())
        self._rest("supine", 1.2, 6.0)
        self._turn_over()
        self._rest("prone", 1.8, 9.0)
        self._stretch(self._prone_quad())
        self._rest("prone", 1.2, 6.0)
        self._get_up()
        self._rest("standing", 1.8, 8.0)
        self._stretch(self._standing_quad())

    def _hamstring(self) -> _Way:
        bent = self._about(58.0, 8.0)
        enter = Pose(hip_flexion=self._about(80.0, 6.0), knee=bent, rotation=3.0, effort=0.25)
        lift = _Joint("knee", bent, self._about(6.0, 4.0))
        return _Way("hamstring", replace(enter, tremor=2.0), lift, "hip_flexion", self._supine)

    def _inner_thigh(self) -> _Way:
        low = self._about(24.0, 4.0)
        enter = Pose(hip_flexion=self._about(76.0, 6.0), fall_out=low, rotation=2.0, effort=0.25)
        lift = _Joint("fall_out", low, self._about(61.0, 5.0))
        return _Way("inner_thigh", replace(enter, tremor=1.5), lift, "fall_out", self._supine)

    def _prone_quad(self) -> _Way:
        low, leave = self._about(82.0, 5.0), Pose(knee=3.0, effort=0.02)
        enter = Pose(knee=low, effort=0.15)
        lift = _Joint("knee", low, self._about(122.0, 7.0))
        return _Way("prone_quad", replace(enter, tremor=0.8), lift, "knee", leave)

    def _standing_quad(self) -> _Way:
        low = self._about(97.0, 3.0)  # an arm that holds the foot reaches no further back
        enter = Pose(knee=low, hip_flexion=self._about(-2.0, 5.0), effort=0.15, sway=0.4)
        lift = _Joint("knee", low, low + self._about(27.0, 3.0))
        leave = Pose(knee=2.0, hip_flexion=0.0, effort=0.0, sway=0.25)
        return _Way("standing_quad", replace(enter, tremor=0.8), lift, "knee", leave)

    def _stretch(self, way: _Way) -> None:
        self._move(self._span(1.6, 3.0), way.enter)
        for _ in range(min(int(self._rng.integers(2, MOST_REPS + 1)), self._tempo.reps)):
            self._rep(way.lift)
        rise_s = self._t
        self._move(self._span(1.6, 3.6), way.lift.at(way.lift.top))
        middle_s, breaths, gain_deg = self._hold(way)
        self._move(self._span(1.6, 2.8), replace(way.leave, tremor=0.0))
        self._knock(0.3)
        self.log.holds.append(
            Planned(way.stretch, self._side, rise_s, middle_s, self._t, breaths, gain_deg)
        )

    def _rep(self, lift: _Joint) -> None:
        start_s = self._t
        self._move(self._span(3.6, 5.0), lift.at(lift.top))
        top_s = self._t
        self._move(self._span(2.4, 3.6), lift.at(lift.low))
        self.log.reps.append(truth.Rep(start_s, top_s, self._t))

    def _hold(self, way: _Way) -> tuple[float, list[truth.Breath], float]:
        """Stay, and with each exhale go a little deeper than the inhale eases back."""
        hold_s = self._span(LEAST_HOLD_S, EASY_HOLD_S, rush=0.15)
        settle_s = self._span(0.6, 1.2)
        middle_s = self._t + hold_s / 2
        self._t += settle_s
        number = max(1, round((hold_s - settle_s) / self._span(4.5, 8.0)))
        shares = self._rng.uniform(0.92, 1.08, number)
        cycles_s = (hold_s - settle_s) * shares / shares.sum()
        depth, gain = self._rng.uniform(0.7, 1.4), self._rng.uniform(0.5, 4.0) / number
        track = getattr(self.script, way.breathes)
        before = track.last
        breaths = [self._breath(way.breathes, float(s), depth, gain) for s in cycles_s]
        return middle_s, breaths, track.last - before

    def _breath(self, joint: str, cycle_s: float, depth: float, gain: float) -> truth.Breath:
        """Out and deeper, a moment, in and eased, a moment."""
        start_s = self._t
        deep = depth * self._rng.uniform(0.8, 1.2)
        share = self._rng.uniform(0.53, 0.6)
        from_deg: float = getattr(self.script, joint).last
        self._move(share * cycle_s, Pose(**{joint: from_deg + deep}))
        top_s = self._t
        self._t += 0.03 * cycle_s
        eased = from_deg + min(gain, 0.5 * deep)
        self._move((0.93 - share) * cycle_s, Pose(**{joint: eased}))
        self._t = start_s + cycle_s
        return truth.Breath(start_s, top_s, self._t, float(deep))
