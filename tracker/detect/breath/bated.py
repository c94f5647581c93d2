"""How well does a breath that is held fit a movement at each beat, for pauses of every length?

While it is held the leg stays where it is, so that the same is new at each beat of the pause,
however long that is. What comes before it and what comes after fit the movement once for all
pauses, and the pause by a running sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.template import along
from tracker.detect.breath.whitening import Whitened
from tracker.detect.samples import Floats


class Wave(NamedTuple):
    """(n,) what is new at the beats of one: up to its pause, at each beat of it, and after it."""

    head: Floats
    pause: float
    tail: Floats


@dataclass(frozen=True, slots=True)
class Group:
    """Breaths that move alike and are held ever less long, longest first.

    most, fewer, count: beats of the longest, how many fewer each next one has, how many they are.
    wave: whitened.
    """

    most: int
    fewer: int
    count: int
    wave: Wave


class Bated:
    """Groups of breaths that are held."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        # The pause is taken to go on all the while; what differs from that is at both ends.
        parts = [(part, g.wave.pause) for g in groups for part in (g.wave.head, g.wave.tail)]
        longest = max(len(part) for part, _ in parts)
        self._ends, self._squares = np.zeros((2, len(parts), longest))
        for end, squares, (part, pause) in zip(self._ends, self._squares, parts, strict=True):
            end[longest - len(part) :] = part - pause
            squares[longest - len(part) :] = part * part - pause * pause

    def gained(
        self, movement: Whitened, before: int, by_along: float, by_energy: float
    ) -> Iterator[Floats]:
        """(beats, breaths) of each group: what those that end at a beat explain, from beat 0 on.

        None begins before beat 0. by_along, by_energy: what is gained by how a breath of a degree
        is along the movement, and lost by how large it is itself.
        """
        ends = by_along * along(movement.rest, self._ends, before)
        ends -= by_energy * along(movement.known, self._squares, before)
        rests = by_along * _so_far(movement.rest, before)
        known = by_energy * _so_far(movement.known, before)
        for group, head, tail in zip(self._groups, ends.T[::2], ends.T[1::2], strict=True):
            pause, begun = group.wave.pause, len(group.wave.head)
            paused = pause * rests - pause * pause * known
            begins = -paused
            begins[:-begun] += head[begun:]
            begins[:before] = -math.inf
            yield (tail + paused)[before:, None] + _from_begins(begins, group, before)


def _so_far(changes: Floats, before: int) -> Floats:
    """The sum of the changes up to each beat, from -before to n + before."""
    sums = np.zeros(len(changes) + 2 * before + 1)
    sums[before + 1 : before + 1 + len(changes)] = changes
    np.add.accumulate(sums, out=sums)
    return sums


def _from_begins(begins: Floats, group: Group, before: int) -> Floats:
    """A view of the same, (beats, breaths): by where each that ends from beat 0 on begins."""
    shape = (len(begins) - before, group.count)
    return np.ndarray(
        shape, buffer=begins, offset=8 * (before - group.most), strides=(8, 8 * group.fewer)
    )
