"""What becomes of a meeting with a band that lets only its bonded computer read."""

from __future__ import annotations

from typing import Final

# BlueZ gives up pairing after 30 s (Bluetooth Core, Vol 3, Part H, 3.4); over the air it takes two.
PAIR_S: Final = 30.0


class BondLostError(Exception):
    """The band no longer knows this computer, or somebody else answers in its place.

    Nobody pairs again by itself then: that would let anyone in who only has to claim to be the
    band.
    """

    def __init__(self) -> None:
        super().__init__("the band no longer knows this computer")


class PairingRefusedError(Exception):
    """The band has a bond with another computer, and its button was not pressed."""

    def __init__(self) -> None:
        super().__init__("the band refuses to pair")
