"""What ended a meeting with a band: the name it is counted under, and what a person is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tracker.bands.bonding import BondLostError, PairingRefusedError
from tracker.bands.bonds import BondsError
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.radio import RADIO_ERRORS, BusyError, RefusedError
from tracker.bands.stretchband import MIN_MTU

NOT_SEEN: Final = "not_seen"
BUSY: Final = "busy"
# What a person causes too who pairs the band with another process: that searches, it is silent.
AT_IT: Final = frozenset((NOT_SEEN, BUSY))

_BOND_LOST = "no longer knows this computer: press its button and run stretchband pair"
_REFUSED = (
    "is bonded to another computer: press its button, and this one pairs with it within a minute."
)
_NOT_HEARD = "is it charged, within a room or two, and connected to nothing else?"
_MTU_TOO_SMALL = (
    f"needs packets of {MIN_MTU} bytes, which this Bluetooth adapter or its driver does not offer."
)


class LinkFault(Exception):  # noqa: N818 - faults is what they are counted as
    """The link is no use as it is: the rest of a sentence that begins with the band's name.

    fault: the name it is counted under.
    """

    def __init__(self, fault: str, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


# Anything else is a bug.
ENDINGS: Final = (
    LinkFault,
    BondLostError,
    PairingRefusedError,
    BondsError,
    RadioUnavailable,
    RefusedError,
    *RADIO_ERRORS,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One ending.

    needs_person: nobody else can mend it, so there is no hurry to try again.
    """

    fault: str
    sentence: str
    needs_person: bool


def not_heard() -> LinkFault:
    """Nothing came from it."""
    return LinkFault(NOT_SEEN, f"is not heard; {_NOT_HEARD}")


def mtu_too_small() -> LinkFault:
    """A frame does not fit."""
    return LinkFault("mtu_too_small", _MTU_TOO_SMALL)


def trouble_of(band_id: str, ending: Exception) -> Trouble:
    """What to count and to tell of it, one of ENDINGS."""
    match ending:
        case LinkFault():
            fault, sentence = ending.fault, f" {ending}"
        case BondLostError():
            fault, sentence = "bond_lost", f" {_BOND_LOST} {band_id}."
        case PairingRefusedError():
            fault, sentence = "pairing_refused", f" {_REFUSED}"
        case BondsError():
            fault, sentence = "keys", f": {ending}."
        case RadioUnavailable():
            fault, sentence = "no_radio", f": {ending}."
        case BusyError():
            fault, sentence = BUSY, f": {ending}."
        case TimeoutError():
            fault, sentence = "no_answer", " does not answer."
        case _:
            fault, sentence = "failed", f": {str(ending) or type(ending).__name__}."
    needs_person = isinstance(ending, BondLostError | PairingRefusedError)
    return Trouble(fault, f"{band_id}{sentence}", needs_person)
