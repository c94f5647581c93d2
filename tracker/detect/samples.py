"""What is a sample: acceleration in g on the band's own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.errors import StretchbandError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MIN_RATE_HZ = 12.5
MAX_RATE_HZ = 200.0


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples in the order they were taken, in any number.

    t_s:   shape (n,), seconds on the band's clock, strictly rising.
    acc_g: shape (n, 3), band axes (y to the knee, z outwards, x = y cross z), in g;
           at rest an axis that points up reads +1.
    """

    t_s: Floats
    acc_g: Floats

    def __len__(self) -> int:
        return len(self.t_s)

    def between(self, first: int, last: int | None = None) -> Block:
        """The samples first <= i < last, as views."""
        return Block(self.t_s[first:last], self.acc_g[first:last])

    @classmethod
    def join(cls, blocks: list[Block]) -> Block:
        """One block of several that follow one another."""
        return cls(
            np.concatenate([b.t_s for b in blocks]), np.concatenate([b.acc_g for b in blocks])
        )


@dataclass(frozen=True, slots=True)
class Axes:
    """Which sensor axis, with which sign, gives band x, y and z."""

    index: tuple[int, int, int]
    sign: tuple[float, float, float]

    @classmethod
    def parse(cls, text: str) -> Axes:
        """Read `"-z,+x,-y"`: band x is sensor -z, band y is sensor +x, band z is sensor -y.

        Raises StretchbandError unless every axis stands once and the result is right-handed.
        """
        parts = [re.fullmatch(r"([+-]?)([xyz])", part.strip()) for part in text.lower().split(",")]
        named = [part for part in parts if part is not None]
        if len(parts) != 3 or len(named) != 3 or {m[2] for m in named} != set("xyz"):
            raise StretchbandError(
                f'axes "{text}": three of x, y, z, each once, with a sign, as in "-z,+x,-y"'
            )
        index = ("xyz".index(named[0][2]), "xyz".index(named[1][2]), "xyz".index(named[2][2]))
        signs = [-1.0 if m[1] == "-" else 1.0 for m in named]
        turn = np.zeros((3, 3))
        turn[[0, 1, 2], index] = signs
        if np.linalg.det(turn) < 0:
            raise StretchbandError(
                f'axes "{text}" mirror the band instead of turning it: one sign is wrong'
            )
        return cls(index, (signs[0], signs[1], signs[2]))

    def apply(self, acc: Floats) -> Floats:
        """Turn (n, 3) sensor axes into (n, 3) band axes."""
        turned: Floats = acc[:, list(self.index)] * np.array(self.sign)
        return turned


BAND_AXES = Axes((0, 1, 2), (1.0, 1.0, 1.0))
