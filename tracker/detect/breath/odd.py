"""Which breaths of a row were unlike the others: held for some seconds, or cut short?

Who holds the breath, after the inhale or after the exhale, keeps the leg where it is for so long;
who swallows or speaks begins the next breath too soon. In a row of breaths that are all about as
long either looks like a breath more or less than there was. So rows are laid as in segments.py, but
with odd breaths among the others, at a price each.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.bated import Bated, Wave
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.kinds import PRICE, Kind, cut_short, even, held
from tracker.detect.breath.segments import Segments, gained, laid
from tracker.detect.breath.template import Matches, along, depth, likely_beats
from tracker.detect.breath.whitening import Whitened, smoothed, total, white
from tracker.detect.samples import Floats

# A breath is held for so long, seconds, tried so many beats apart, beside these shares of the usual
# length that it moves.
_LEAST_S, _MOST_S, _APART, _MOVES = 2.4, 16.0, 3, (0.92, 1.08)
# One that is cut short lasts this share of the usual at least.
_SHORTEST, _LEAST_BEATS = 0.45, 3
# A row is sought at so much of the price, so that there is one to be judged at all of it.
_SOUGHT = 0.5
# Half of a row is like the others at least, and so many breaths.
_FEWEST = 2


class _Odd(NamedTuple):
    """Breaths of every kind, longest first.

    unlikely: (kinds,) minus the log likelihood of each.
    moving, waves: which of them are not held; (moving, longest) their waves, whitened.
    bated: those that are.
    lengths: in beats, longest first, without a gap.
    columns, firsts: which of these there are, and the first kind of each of those.
    """

    kinds: list[Kind]
    unlikely: Floats
    moving: list[int]
    waves: Floats
    bated: list[Bated]
    lengths: list[int]
    columns: list[int]
    firsts: list[int]

    def matched(self, movement: Whitened) -> Matches:
        """(beats, kinds), counted from the longest of all on: those held from beat 0 on only."""
        most = self.lengths[0]
        shape = (len(movement.rest) + 2 * most + 1, len(self.kinds))
        matches = Matches(np.zeros(shape), np.zeros(shape))
        matches.along[:, self.moving] = along(movement.rest, self.waves, most)
        matches.energy[:, self.moving] = along(movement.known, self.waves * self.waves, most)
        for one in self.bated:
            one.match(movement, matches, most)
        return matches

    def leave_seen(self, gains: Floats) -> None:
        """Leave none of the odd ones that began before the movement, or that its end cuts short."""
        most = self.lengths[0]
        for k, kind in enumerate(self.kinds):
            if kind.odd:
                gains[: most + kind.beats, k] = -math.inf
                if not kind.held:
                    gains[len(gains) - most :, k] = -math.inf

    def best(self, gains: Floats) -> Floats:
        """(beats, lengths) log likelihoods of the best kind of each length, from those of each."""
        best = np.empty((len(gains), len(self.lengths)))
        best.fill(-math.inf)
        best[:, self.columns] = np.maximum.reduceat(gains, self.firsts, axis=1)
        return best

    def kind(self, gains: Floats, beats: int) -> Kind:
        """The best one that lasts so long, by the log likelihoods of each."""
        group = self.columns.index(self.lengths[0] - beats)
        first, last = [*self.firsts, len(self.kinds)][group : group + 2]
        return self.kinds[first + int(gains[first:last].argmax())]


def oddly_segmented(
    movement: Whitened, period_s: float, held_s: float | None, swing: float, share: float
) -> Segments | None:
    """The best row of breaths about so long with odd ones among them, None where none or most are.

    held_s: how long the hold had lasted at the first beat, None where that does not tell when the
    first exhale begins.
    swing, share: how large breaths are, and how much of the movement they explain.
    """
    odd = _odd(period_s, movement.smooth)
    noise = (1.0 - share) * movement.power / movement.beats
    gains = gained(odd.unlikely, odd.matched(movement), swing, noise)
    odd.leave_seen(gains)
    bounds = laid(odd.best(gains), odd.lengths, held_s)
    kinds = [odd.kind(gains[end], end - begin) for begin, end in pairwise(bounds)]
    odd_ones = [kind.odd for kind in kinds].count(True)
    if not 0 < odd_ones <= min(len(kinds) / 2, len(kinds) - _FEWEST):
        return None
    return Segments([bound - odd.lengths[0] for bound in bounds], [0.0] * len(bounds), kinds)


@cache
def _odd(period_s: float, smooth: int) -> _Odd:
    """Breaths about so long, and odd ones, in a row of which each beat is smoothed so often."""
    kinds = sorted(_kinds(period_s), key=lambda kind: -kind.beats)
    usual = round(period_s / BEAT_S)
    # What is slow is taken out of a row as a whole: of one that is held as of the others.
    level = total(_wave(even(usual, usual), smooth)) / usual
    moving = [k for k, kind in enumerate(kinds) if not kind.held]
    beats = [kind.beats for kind in kinds]
    lengths = list(range(beats[0], beats[-1] - 1, -1))
    there = [length for length in lengths if length in beats]
    return _Odd(
        kinds,
        0.5 * np.array([kind.unlikely - (1.0 - _SOUGHT) * PRICE * kind.odd for kind in kinds]),
        moving,
        _waves([kinds[k] for k in moving], smooth),
        _bated(kinds, smooth, level),
        lengths,
        [beats[0] - length for length in there],
        [beats.index(length) for length in there],
    )


def _waves(kinds: list[Kind], smooth: int) -> Floats:
    """(kinds, longest): what is new at each beat of those that are not held, to their end."""
    waves = np.zeros((len(kinds), kinds[0].beats))
    for row, kind in zip(waves, kinds, strict=True):
        wave = _wave(kind, smooth)
        row[-kind.beats :] = wave - total(wave) / kind.beats
    return waves


def _bated(kinds: list[Kind], smooth: int, level: float) -> list[Bated]:
    """Those of the kinds that are held."""
    alike: dict[tuple[int, bool], list[int]] = {}
    for k, kind in enumerate(kinds):
        if kind.held:
            alike.setdefault((kind.moves, kind.deep), []).append(k)
    found = []
    for columns in alike.values():
        longest, next_one = kinds[columns[0]], kinds[columns[1]]
        fewer = longest.beats - next_one.beats
        found.append(Bated(longest.beats, fewer, columns, _parts(longest, smooth, level)))
    return found


def _parts(kind: Kind, smooth: int, level: float) -> Wave:
    wave = _wave(kind, smooth) - level
    # Smoothed, the pause begins later and ends sooner.
    first = math.ceil(kind.still_from) + smooth
    last = kind.beats - (kind.moves - math.floor(kind.still_from)) - smooth
    return Wave(wave[:first], wave.item((first + last) // 2), wave[last:])


def _kinds(period_s: float) -> list[Kind]:
    usual = period_s / BEAT_S
    least, most = likely_beats(period_s)
    shortest = max(round(_SHORTEST * usual), _LEAST_BEATS)
    kinds = [cut_short(beats) for beats in range(shortest, least)]
    kinds += [even(beats, usual) for beats in range(least, most + 1)]
    for moves in sorted({max(round(share * usual), _LEAST_BEATS) for share in _MOVES}):
        for beats in range(round(_LEAST_S / BEAT_S), round(_MOST_S / BEAT_S) + 1, _APART):
            kinds += [held(moves, beats, usual, deep=deep) for deep in (True, False)]
    return kinds


def _wave(kind: Kind, smooth: int) -> Floats:
    """What is new at each beat of one in a row of its like."""
    beats = np.mod(np.arange(-smooth, kind.beats + 1 + smooth), kind.beats)
    deep = smoothed(depth(kind.phases(beats)), smooth)
    return white(deep[smooth : kind.beats + 1 + smooth])
