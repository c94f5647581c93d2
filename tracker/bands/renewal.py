"""A bond at a person's wish: used if it is good, made anew if the band no longer takes it."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Final

from tracker.bands.bonding import PAIR_S, BondLostError
from tracker.bands.radio import RADIO_ERRORS, Radio, RefusedError, Seen
from tracker.bands.stretchband import (
    CONTROL_UUID,
    SERVICE_UUID,
    ReadFrom,
    Stop,
    encode_control,
)

CONNECT_S: Final = 30.0
REQUEST_S: Final = 8.0
# A daemon that is trying just now keeps the band, and with BlueZ the radio, from everyone else:
# until its connect gives up, or for as long as that and pairing take. Where its search was in the
# way of a look, the next one begins anew.
LOOK_S: Final = 20.0
FIRST_LOOKS: Final = 2
LOOKS: Final = 3
# The daemon that tries too cuts this one's connection now and then: to BlueZ the two are one.
TRIES: Final = 3


class Renewal(StrEnum):
    """What became of it."""

    NOT_HEARD = "not_heard"
    NOT_A_BAND = "not_a_band"
    ALREADY = "already"
    PAIRED = "paired"


async def renew(radio: Radio, address: str) -> Renewal:
    """Try the bond that there is, and make a new one when the band does not know it.

    The old one goes only for a new one, where the radio is ours; BlueZ has to forget it before.
    Raises PairingRefusedError, RadioUnavailable, BondsError, or one of RADIO_ERRORS.
    """
    seen = await _find(radio, address)
    if seen is None:
        return Renewal.NOT_HEARD
    knew = await radio.knows(seen)
    try:
        return await _meet(radio, seen, Renewal.ALREADY if knew else Renewal.PAIRED)
    except BondLostError:
        await radio.forget(seen)
    except RADIO_ERRORS:
        if not knew or radio.tells_lost_bonds:
            raise
        await radio.forget(seen)
    for _ in range(TRIES - 1):
        with suppress(*RADIO_ERRORS):
            return await _meet_anew(radio, seen)
    return await _meet_anew(radio, seen)


async def _find(radio: Radio, address: str) -> Seen | None:
    """A search that could not be begun is tried again: the daemon's may have been in its way."""
    for _ in range(FIRST_LOOKS - 1):
        with suppress(*RADIO_ERRORS):
            seen = await radio.find(address, LOOK_S)
            if seen is not None:
                return seen
    return await radio.find(address, LOOK_S)


async def _meet_anew(radio: Radio, forgotten: Seen) -> Renewal:
    """By this process, or by the daemon: who is first keeps the band, which is silent then."""
    for _ in range(LOOKS):
        seen = await radio.find(forgotten.address, LOOK_S)
        if seen is not None:
            return await _meet(radio, seen, Renewal.PAIRED)
        if await radio.knows(forgotten):
            return Renewal.PAIRED
    return Renewal.NOT_HEARD


async def _meet(radio: Radio, seen: Seen, outcome: Renewal) -> Renewal:
    band = await radio.connect(seen, lambda: None, CONNECT_S, REQUEST_S)
    try:
        if not band.has_service(SERVICE_UUID):
            return Renewal.NOT_A_BAND
        await band.secure(PAIR_S)
        # To ask is what makes the band take the bond for good; nothing is sent to who listens to
        # nothing.
        with suppress(RefusedError):
            await band.write(CONTROL_UUID, encode_control(ReadFrom(0, 0)))
            await band.write(CONTROL_UUID, encode_control(Stop()))
            await radio.prove(seen.address)
    finally:
        await band.close()
    return outcome
