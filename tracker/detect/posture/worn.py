"""Is the band on a leg, and the right way up?

Nothing alive keeps as still as a table: with the leg at rest the body still sways, breathes and
pulses by 0.03 degrees and more, slowly. A band that lies shows the noise of its sensor, which is
the same in slow and in fast motion. So the wander of whole seconds is held against both. Steps so
coarse that they hide the sway tell nothing, but where noise dithers them they do in two minutes.
Nobody walks on the head: a band whose arrow points down while its leg swings is on upside down.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.orientation import CELLS_A_STEP, STEP_S, dot, mean
from tracker.detect.posture.life import NOISE_KEPT, unsure_share
from tracker.detect.posture.walking import Swung, swung
from tracker.detect.samples import Bools, Floats

_SECOND = round(1.0 / STEP_S)
_SECONDS = 10
_WINDOW = _SECONDS * _SECOND
# What lasts so long has at least one whole window in it: a leg would have shown in that.
LOOKED_AT_S = 2.0 * _SECONDS
# Three still windows are asked for, not one: a sleeper is not to be taken for a table. Nor where
# the noise of the sensor hides how little a leg at rest wanders by itself, which is more than this
# in nine of ten windows.
_OFF_AFTER, _OWN_DEG = 3, 0.025
# A second's mean of a lying band wanders by the sensor's white noise, 0.005 to 0.02 degrees, which
# is about 0.6 of its step-to-step noise; a leg at rest wanders by three times that noise or more,
# on a part that has no more.
_LYING_DEG, _NOISE_SHARE = 0.012, 1.0
# What lies is pushed by who sits at the table: one step. To take out the step that explains most
# leaves this share of white noise too, in the root mean square.
_UNPUSHED = 0.86
# Beside one shift a leg that is calm wanders by up to 0.7 degrees (99 of 100 windows, 380 of them
# of two models of a body and of three people); a hand that keeps still, by more.
_SWAYS_DEG = 0.8
# The noise of coarse counts, and of poor parts, is more than that. Over more windows, by the mean
# square, a band that lies keeps to 0.3 to 0.47 of it. In so long a time a leg at rest wanders by
# 0.1 to 0.3 degrees, which shows as long as the noise is not much more.
_NOISY_OFF_AFTER, _NOISY_SHARE2, _MOST_NOISE_DEG = 12, 0.5, 0.15
# Such noise is no trembling where all that it does is to flip counts: within one on every axis it
# may be more. Where it does not even that, the counts of a leg stand as well, but not for so long.
_STANDS_S_PER_MG = 10.0
# Rougher than any sensor at rest, on a machine too (0.16 at most), wider than any sway: trembling,
# handled or walking, which tells nothing.
_ROUGH_DEG, _WIDE_DEG = 0.18, 2.0

# A leg that walks swings by 20 degrees either way, and turns by this and more in most steps of the
# detector; one that goes up to be stretched, or is straightened time and again, in few of ten
# seconds.
_SWINGS_DEG, _WALKS_SHARE = 10.0, 0.4
_ON_ITS_HEAD, _UPRIGHT = -0.6, 0.7
_SWINGS2 = math.radians(_SWINGS_DEG) ** 2
# That a band lies is said again every two minutes, and at once where it was moved meanwhile.
_AGAIN = 12


class Found(NamedTuple):
    """What is known from this step on; that it is not worn is said again as long as it lies."""

    step: int
    worn: bool | None
    upside_down: bool


class _Window(NamedTuple):
    """Ten seconds, in degrees.

    wander:   the spread of the seconds' means.
    unpushed: what is left of it beside one step, as of a push.
    noise:    of a step of the detector against the one before.
    swings:   the share of such steps that turn as a walking leg does; which ones: swinging.
    height:   y of the direction, in the mean.
    """

    wander: float
    unpushed: float
    noise: float
    swings: float
    height: float
    swinging: Bools


class _Stand:
    """Windows one after the other, all within one coarse count on every axis."""

    def __init__(self) -> None:
        self._low: Floats | None = None
        self._high: Floats | None = None
        self.end()

    def end(self) -> None:
        """Something moved: begin again with the next window."""
        self._windows = 0
        self._wander2 = self._noise2 = 0.0

    def stays(self, window: Floats, count_g: float) -> bool:
        """Is the next window, (3, n) directions, within a count on each axis with those before?

        A new row of windows begins with one that is not.
        """
        low, high = window.min(axis=1), window.max(axis=1)
        if self._low is None or self._high is None or not self._windows:
            self._low, self._high = low, high
        else:
            self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        if _within(self._low, self._high, count_g):
            return True
        self.end()
        self._low, self._high = low, high
        return _within(low, high, count_g)

    def add(self, wander: float, noise: float, least_noise: float, count_g: float) -> bool:
        """Take in the next one; do they tell that the band lies?"""
        self._windows += 1
        self._wander2 += wander * wander
        self._noise2 += noise * noise
        long = self._windows * _SECONDS >= _STANDS_S_PER_MG * 1000.0 * count_g
        if self._noise2 < self._windows * least_noise**2:
            return long
        plain = self._noise2 < self._windows * _MOST_NOISE_DEG**2
        return (long or (plain and self._windows >= _NOISY_OFF_AFTER)) and self._lies()

    def _lies(self) -> bool:
        """Do they wander as noise does? Else begin again."""
        lies = self._wander2 < _NOISY_SHARE2 * self._noise2
        if not lies:
            self.end()
        return lies


def _within(low: Floats, high: Floats, count_g: float) -> bool:
    return float((high - low).max()) < count_g


class Wear:
    """Folds directions into worn, not worn, or not known yet.

    swung: what swung the band, oldest first, until somebody takes it.
    """

    def __init__(self) -> None:
        self.worn: bool | None = None
        self.swung: deque[Swung] = deque()
        self._upside_down = False
        # Of a window that is not over.
        self._ups: list[Vector] = []
        self._last: Floats | None = None
        self._still = 0
        self._wander2 = self._noise2 = 0.0
        self._stand = _Stand()
        # So many windows have told that it lies, since it was moved.
        self._off = -1

    def feed(
        self, first: int, ups: Sequence[Vector], grain: Grain, up: Floats | None = None
    ) -> list[Found]:
        """Take directions in, the first of step `first`: when what is known changed.

        A window is looked at when its last step is there. up: the same as an array, (3, m), where
        they are many.
        """
        begin, windows = first - len(self._ups), (len(self._ups) + len(ups)) // _WINDOW
        if not windows:
            self._ups += ups
            return []
        begun = np.array([*self._ups, *ups]).T if up is None else self._begun(up)
        whole = begun[:, : windows * _WINDOW]
        self._ups = [(x, y, z) for x, y, z in begun[:, windows * _WINDOW :].T.tolist()]
        changes = []
        for k, one in enumerate(self._see(whole)):
            before, last = (self.worn, self._upside_down), begin + (k + 1) * _WINDOW - 1
            off = self._off
            cell = last * CELLS_A_STEP
            least, count_g = grain.least_jitter_deg(cell), grain.tells_move_g(cell)
            window = whole[:, k * _WINDOW : (k + 1) * _WINDOW]
            if count_g is not None and self._stand.stays(window, count_g):
                self._stands(one, least, count_g)
            else:
                self._judge(one, least)
            self._turn_over(one)
            if (did := swung(last, window, one.swinging)) is not None:
                self.swung.append(did)
                self.worn = self.worn or did.walked is not None
            again = self._off != off and self._off % _AGAIN == 0
            if again or (self.worn, self._upside_down) != before:
                changes.append(Found(last, self.worn, self._upside_down))
        return changes

    def _begun(self, up: Floats) -> Floats:
        """With the steps before of the window that they go on."""
        return np.concatenate([np.array(self._ups).reshape(-1, 3).T, up], axis=1)

    def _turn_over(self, window: _Window) -> None:
        if window.height < _ON_ITS_HEAD and window.swings > _WALKS_SHARE:
            self._upside_down = True
        elif window.height > _UPRIGHT or self.worn is False:
            self._upside_down = False

    def _judge(self, window: _Window, least_noise: float) -> None:
        """least_noise: less hides a leg's sway in the counts of the sensor, 0 where it is fine."""
        wander, noise = window.wander, window.noise
        if noise > _ROUGH_DEG or wander > _WIDE_DEG:
            self._still, self._off = 0, -1
            if self.worn is None:
                self.worn = True
        elif noise < least_noise:
            self._still = 0
        elif wander >= max(_LYING_DEG, _NOISE_SHARE * noise):
            self._still = 0
            self._moves(window)
        else:
            self._lies(wander, noise, fine=not least_noise)

    def _moves(self, window: _Window) -> None:
        """What moved by more than noise was a leg, unless it was a push, or somebody's hand."""
        least_deg = max(_LYING_DEG, _NOISE_SHARE * window.noise)
        if self.worn is None or _UNPUSHED * least_deg <= window.unpushed < _SWAYS_DEG:
            self.worn = True

    def _lies(self, wander: float, noise: float, *, fine: bool) -> None:
        """One more window that wanders by no more than noise may, of fine or of dithered counts."""
        if not self._still:
            self._wander2 = self._noise2 = 0.0
        self._still += 1
        self._wander2 += wander * wander
        self._noise2 += noise * noise
        if fine and self._still >= _OFF_AFTER and self._nothing_of_its_own():
            self._lies_off()
        if self._still < _NOISY_OFF_AFTER:
            return
        noise_deg = math.sqrt(self._noise2 / self._still)
        if self._wander2 < _NOISY_SHARE2 * self._noise2 and noise_deg < _MOST_NOISE_DEG:
            self._lies_off()
        self._still = 0

    def _lies_off(self) -> None:
        self._off += 1
        self.worn = False

    def _nothing_of_its_own(self) -> bool:
        """Less than a leg at rest wanders by, by two standard errors?"""
        wander2, noise2 = self._wander2 / self._still, NOISE_KEPT * self._noise2 / self._still
        unsure = unsure_share(self._still * (_SECONDS - 1))
        return max(wander2 - noise2, 0.0) + unsure * wander2 < _OWN_DEG**2

    def _stands(self, window: _Window, least_noise: float, count_g: float) -> None:
        """One more window within the same coarse count on every axis."""
        wander, noise = window.wander, window.noise
        if self.worn is None and noise > _ROUGH_DEG:
            self.worn = True
        if noise >= least_noise and wander >= max(_LYING_DEG, _NOISE_SHARE * noise):
            self._moves(window)
            self._stand.end()
        elif self._stand.add(wander, noise, least_noise, count_g):
            self._lies_off()

    def _see(self, ups: Floats) -> list[_Window]:
        before = ups[:, :1] if self._last is None else self._last
        self._last = ups[:, -1:]
        turned = ups - np.concatenate([before, ups[:, :-1]], axis=1)
        turned2 = dot(turned, turned).reshape(-1, _WINDOW)
        noise2, swinging = mean(turned2) / 2.0, turned2 > _SWINGS2
        seconds = mean(ups.reshape(3, -1, _SECONDS, _SECOND))
        away = seconds - mean(seconds)[:, :, None]
        wander2 = mean(dot(away, away))
        squares = np.array([wander2, wander2 - _one_step(away), noise2])
        degrees = np.degrees(np.sqrt(np.maximum(squares, 0.0))).tolist()
        heights = mean(ups[1].reshape(-1, _WINDOW)).tolist()
        swings = mean(swinging.astype(np.float64)).tolist()
        return list(map(_Window, *degrees, swings, heights, swinging))


def _one_step(away: Floats) -> Floats:
    """How much of the wander, squared, one step from second to second explains, at the most.

    away: (3, windows, seconds), the means of seconds less that of their window.
    """
    sums = np.add.accumulate(away, axis=-1)[:, :, :-1]
    before = np.arange(1.0, _SECONDS)
    most: Floats = (dot(sums, sums) / (before * (_SECONDS - before))).max(axis=-1)
    return most
