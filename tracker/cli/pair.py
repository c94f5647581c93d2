"""`stretchband pair`: a band that no longer knows this computer is made to, with its button."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tracker.bands.bonding import PairingRefusedError
from tracker.bands.bonds import bonds_beside
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.opening import open_radio
from tracker.bands.radio import RADIO_ERRORS
from tracker.bands.renewal import Renewal, renew
from tracker.bands.system_radio import SYSTEM
from tracker.cli.run import chosen
from tracker.cli.wanted import wanted_band
from tracker.config import BandConfig, Config, load
from tracker.errors import StretchbandError
from tracker.store.inspection import has_writer


class PairingError(StretchbandError):
    """There is no bond, and what to do about it."""

    exit_status = 1


def pair(
    band: Annotated[
        str | None, typer.Argument(help="Its id in the config; not needed where there is one.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
) -> None:
    """Bond with a band whose button was just pressed, if it no longer knows this computer.

    The daemon may run meanwhile. It pairs by itself with a band that it never met.
    """
    settings = load(chosen(config))
    said = asyncio.run(_pair(settings, wanted_band(settings, band, "say which band")))
    Console(soft_wrap=True).print(said, highlight=False, markup=False)


async def _pair(config: Config, band: BandConfig) -> str:
    """What was achieved. Raises PairingError, RadioUnavailable, BondsError."""
    name = config.bluetooth.radio
    if name == SYSTEM and sys.platform != "linux":
        raise PairingError(
            f"this system pairs by itself: press the button of {band.id}, remove it in the "
            "system's Bluetooth settings, and the daemon's next connection asks for it"
        )
    running = has_writer(config.db_path)
    radio = open_radio(name, bonds_beside(config.db_path))
    try:
        return in_words(await renew(radio, band.address), band, running=running)
    except RadioUnavailable as error:
        if not running:
            raise
        raise RadioUnavailable(f"{error}; stretchband run is running: stop it meanwhile") from error
    except PairingRefusedError as error:
        raise PairingError(
            f"{band.id} refuses: it is bonded to another computer, or was. Press its button, and "
            "run this again within a minute."
        ) from error
    except RADIO_ERRORS as error:
        detail = str(error) or "no answer in time"
        raise PairingError(
            f"{band.id} could not be paired with: {detail}. Bring it near and try again."
        ) from error
    finally:
        await radio.close()


def in_words(renewal: Renewal, band: BandConfig, *, running: bool) -> str:
    """What was achieved; raises PairingError for what was not."""
    match renewal:
        case Renewal.ALREADY:
            return f"{band.id} is bonded to this computer already; nothing was changed."
        case Renewal.PAIRED:
            return f"{band.id} is bonded to this computer now."
        case Renewal.NOT_A_BAND:
            raise PairingError(f"{band.id} is no stretchband; stretchband scan shows who is.")
        case Renewal.NOT_HEARD if running:
            raise PairingError(
                f"{band.id} is not heard. If stretchband run is connected to it, all is well; "
                "else charge it, bring it near, and try again."
            )
        case Renewal.NOT_HEARD:
            raise PairingError(
                f"{band.id} is not heard: is it charged, within a room or two, and connected to "
                "nothing else?"
            )
