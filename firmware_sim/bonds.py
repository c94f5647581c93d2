"""Who may read the band: its owner, who is about to become it, and the button that lets them.

    nobody's --pairs--> candidate's --asks for frames--> owned --button, then pairs within 60 s-->
    owned, and a candidate --asks for frames--> owned by the candidate; the old owner is forgotten

A candidate may read. That it still has to, before it counts, is for those who lose their power
while pairing: a central that did not get to keep its key pairs again, and the owner's bond stands
until the new one has been used.

Sans I/O: the time is passed in, in seconds of any steady clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

PAIRABLE_S: Final = 60.0  # after the button: time to reach for a keyboard, and no more


class Bond(msgspec.Struct, frozen=True, array_like=True):
    """A central and the keys that it shares with the band.

    peer: its identity address. ltk: encrypts. irk: resolves its changing addresses; empty when it
    has none.
    """

    peer: str
    ltk: bytes
    irk: bytes = b""


class Bonded(msgspec.Struct, frozen=True, array_like=True):
    """All that has to outlive the power."""

    owner: Bond | None = None
    candidate: Bond | None = None


NOBODY: Final = Bonded()


class Keeper(Protocol):
    """What keeps it; see `flash.Flash`."""

    def keep(self, bonded: Bonded) -> None: ...


class Bonds:
    """The one bond that the band has, and how another takes its place.

    bonded: as it is now. keeper: is told of each change before anyone can rely on it.
    """

    def __init__(self, bonded: Bonded = NOBODY, keeper: Keeper | None = None) -> None:
        self.bonded = bonded
        self._keeper = keeper
        self._pressed_s: float | None = None

    def press(self, now_s: float) -> None:
        """The button."""
        self._pressed_s = now_s

    def may_pair(self, now_s: float) -> bool:
        """Whether who asks now is let in: anyone while nobody owns the band, else by the button."""
        if self.bonded.owner is None:
            return True
        return self._pressed_s is not None and now_s - self._pressed_s <= PAIRABLE_S

    def paired(self, bond: Bond) -> None:
        """Somebody who was let in has the key now; in place of an earlier candidate."""
        self._change(Bonded(self.bonded.owner, bond))

    def used(self, peer: str) -> None:
        """Frames were asked for, encrypted with this central's key."""
        candidate = self.bonded.candidate
        if candidate is not None and candidate.peer == peer:
            self._pressed_s = None  # one press, one owner
            self._change(Bonded(owner=candidate))

    def bond_of(self, peer: str) -> Bond | None:
        """Its newest bond."""
        return next((bond for bond in self if bond.peer == peer), None)

    def forget(self) -> None:
        """As new."""
        self._change(NOBODY)

    def __iter__(self) -> Iterator[Bond]:
        """The candidate's first."""
        return (bond for bond in (self.bonded.candidate, self.bonded.owner) if bond is not None)

    def _change(self, bonded: Bonded) -> None:
        if self._keeper is not None:
            self._keeper.keep(bonded)
        self.bonded = bonded
