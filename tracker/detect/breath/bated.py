"""How well does a breath that is held fit a movement at each beat, for pauses of every length?

While it is held the leg stays where it is, so that the same is new at each beat of the pause,
however long that is. What comes before it and what comes after fit the movement once for all
pauses, and the pause by a running sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tracker.detect.breath.template import Matches, along
from tracker.detect.breath.whitening import Whitened
from tracker.detect.samples import Floats


class Wave(NamedTuple):
    """(n,) what is new at the beats of one: up to its pause, at each beat of it, and after it."""

    head: Floats
    pause: float
    tail: Floats

    def squared(self) -> Wave:
        return Wave(self.head * self.head, self.pause * self.pause, self.tail * self.tail)


class Bated(NamedTuple):
    """Breaths that move alike and are held ever less long, longest first.

    most, fewer: beats of the longest, and how many fewer each next one has.
    columns:     where each stands among others.
    wave:        whitened.
    """

    most: int
    fewer: int
    columns: list[int]
    wave: Wave

    def match(self, movement: Whitened, matches: Matches, before: int) -> None:
        """Write its columns of the matches from beat 0 on, which are counted from -before on."""
        squares, known = self.wave.squared(), np.asarray(movement.known, np.float64)
        matches.along[before:, self.columns] = self._fits(movement.rest, self.wave, before)
        matches.energy[before:, self.columns] = self._fits(known, squares, before)

    def _fits(self, changes: Floats, wave: Wave, before: int) -> Floats:
        """(beats, lengths), from beat 0 on."""
        so_far = np.zeros(len(changes) + 2 * before + 1)
        np.add.accumulate(changes, out=so_far[before + 1 : before + 1 + len(changes)])
        so_far[before + 1 + len(changes) :] = so_far[before + len(changes)]
        # The pause is taken to go on all the while; what differs from that is at the ends.
        head, tail = (
            along(changes, (part - wave.pause)[None], before)[:, 0]
            for part in (wave.head, wave.tail)
        )
        ends = (tail + wave.pause * so_far)[before:, None]
        begins = np.zeros(len(so_far))
        begins[: -len(wave.head)] = head[len(wave.head) :]
        begins -= wave.pause * so_far
        return ends + self._from_begins(begins, before)

    def _from_begins(self, begins: Floats, before: int) -> Floats:
        """A view of the same, (beats, lengths): by where each that ends from beat 0 on begins."""
        shape = (len(begins) - before, len(self.columns))
        return np.ndarray(
            shape, buffer=begins, offset=8 * (before - self.most), strides=(8, 8 * self.fewer)
        )
