"""Which radio reaches the bands: the system's own, or a controller that Bumble drives."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from tracker.bands.bonds import Bonds
from tracker.bands.missing_radio import RadioUnavailable, without_bumble
from tracker.bands.radio import Radio
from tracker.bands.recovery import Recovery
from tracker.bands.system_radio import SYSTEM, SystemRadio
from tracker.errors import extra_missing


def open_radio(name: str, bonds: Path | None = None, *, recovery: bool = False) -> Radio:
    """The radio of this name: "system", or a Bumble transport such as "usb:0" or "unix:/run/air".

    bonds: the file with the keys of the bands, for a radio whose system keeps none; without it they
    are forgotten with the process. recovery: BlueZ's adapter may be reset when it is stuck.
    Nothing is opened before it is used. Raises RadioUnavailable when Bumble is not installed,
    StretchbandError when what resets is not.
    """
    if name == SYSTEM:
        if recovery and find_spec("bluetooth_auto_recovery") is None:
            raise extra_missing("bluetooth.recovery", "bluetooth-auto-recovery", "recovery")
        if sys.platform != "linux":
            return SystemRadio()
        from tracker.bands.bluez_radio import BlueZRadio

        return BlueZRadio(Recovery() if recovery else None)
    try:
        importlib.import_module("bumble")
    except ModuleNotFoundError:
        raise RadioUnavailable(without_bumble(name)) from None
    from tracker.bands.bumble_radio import BumbleRadio

    return BumbleRadio(name, Bonds(bonds))
