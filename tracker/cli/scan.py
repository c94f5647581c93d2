"""`stretchband scan`: which bands are near, and what to write into the config."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.bands.bonds import bonds_beside
from tracker.bands.missing_radio import RadioUnavailable
from tracker.bands.opening import open_radio
from tracker.bands.radio import RADIO_ERRORS, Seen
from tracker.config import Config, default_config_path, load
from tracker.plain import plain


def scan(
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long to listen.")] = 5.0,
    radio: Annotated[
        str | None,
        typer.Option(help='"system", or a Bumble transport such as usb:0; default: the config\'s.'),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The config file that names a radio.")] = None,
) -> None:
    """Show the Bluetooth devices near by, the stretchbands first."""
    path = config or (None if radio else default_config_path())
    settings = Config() if path is None else load(path)
    heard = asyncio.run(_listen(radio or settings.bluetooth.radio, settings.db_path, seconds))
    seen = [one for one, _ in heard]
    console = Console()
    console.print(_table(heard))
    bands = [one for one in seen if one.is_stretchband]
    if bands:
        console.print(f'For the config: \\[\\[bands]] id = "band1", address = "{bands[0].address}"')
    else:
        console.print(
            "No stretchband was heard: is it charged and near? "
            "One that is connected to something else does not show itself."
        )


async def _listen(name: str, db: Path, seconds: float) -> list[tuple[Seen, bool | None]]:
    """Who was heard, and whether this computer has a bond with it; None where nobody tells."""
    bonds = bonds_beside(db)
    radio = open_radio(name, bonds if bonds.exists() else None)  # to listen makes no file
    try:
        heard = await radio.scan(seconds)
        return [(one, await radio.knows(one) if one.is_stretchband else None) for one in heard]
    except RADIO_ERRORS as error:
        detail = str(error) or type(error).__name__
        raise RadioUnavailable(f"the Bluetooth adapter does not scan: {detail}") from error
    finally:
        await radio.close()


def _table(heard: Sequence[tuple[Seen, bool | None]]) -> Table:
    table = Table("name", "address", "signal", "stretchband")
    for one, is_bonded in heard:
        name = Text(plain(one.name or ""))  # from the air, by anybody: no markup, no escapes
        ours = ("yes, bonded" if is_bonded else "yes") if one.is_stretchband else ""
        table.add_row(name, plain(one.address), f"{one.rssi} dBm", ours)
    return table
