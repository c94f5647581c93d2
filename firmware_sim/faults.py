"""What a bad air does to notifications: lost, doubled, spoiled, joined by strangers."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.air import Fault, of_notifications

_HEADS: Final = 7  # L2CAP length and channel; ATT opcode and handle
_L2CAP_HEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Weather:
    """How likely each is for a notification, 0 to 1; together at most 1.

    lose:    it does not arrive. With 1 the link is half open: connected, answering, silent.
    double:  it arrives twice.
    spoil:   some of its bytes are others, or it is cut off.
    garbage: a stranger of random bytes arrives before it.

    Raises ValueError for what is no such chance.
    """

    lose: float = 0.0
    double: float = 0.0
    spoil: float = 0.0
    garbage: float = 0.0

    def __post_init__(self) -> None:
        chances = (self.lose, self.double, self.spoil, self.garbage)
        if not (all(0 <= chance <= 1 for chance in chances) and sum(chances) <= 1):
            raise ValueError("lose, double, spoil and garbage: each 0 to 1, together at most 1")

    @property
    def fair(self) -> bool:
        """Nothing happens."""
        return self == Weather()

    def fault(self, seed: int) -> Fault:
        """The same weather as a fault of an `Air`; one seed, one run of luck."""
        dice = random.Random(seed)  # noqa: S311 - weather, no secret

        def one(frame: bytes) -> Sequence[bytes]:
            at = dice.random()
            if at < self.lose:
                return []
            if (at := at - self.lose) < self.double:
                return [frame, frame]
            if (at := at - self.double) < self.spoil:
                return [spoiled(frame, dice)]
            if at - self.spoil < self.garbage:
                return [garbage(frame, dice), frame]
            return [frame]

        return of_notifications(one)


def spoiled(frame: bytes, dice: random.Random) -> bytes:
    """The notification with bytes of its value changed, or without its end."""
    value = bytearray(frame[_HEADS:])
    if not value:
        return frame
    if dice.random() < 0.5:
        return _notification(frame, bytes(value[: dice.randrange(len(value))]))
    for _ in range(dice.randint(1, 8)):
        value[dice.randrange(len(value))] ^= dice.randrange(1, 256)
    return _notification(frame, bytes(value))


def garbage(frame: bytes, dice: random.Random) -> bytes:
    """A notification of the same characteristic with anything in it."""
    return _notification(frame, dice.randbytes(dice.randint(1, 240)))


def _notification(like: bytes, value: bytes) -> bytes:
    att = like[_L2CAP_HEAD:_HEADS]
    return struct.pack("<H", len(att) + len(value)) + like[2:_L2CAP_HEAD] + att + value
