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

from tracker.bands.radio import RADIO_ERRORS, RadioUnavailable, Seen, open_radio
from tracker.config import default_config_path, load
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
    seen = asyncio.run(_listen(radio or _radio_of(config), seconds))
    console = Console()
    console.print(_table(seen))
    bands = [one for one in seen if one.is_stretchband]
    if bands:
        console.print(f'For the config: \\[\\[bands]] id = "band1", address = "{bands[0].address}"')
    else:
        console.print(
            "No stretchband was heard: is it charged and near? "
            "One that is connected to something else does not show itself."
        )


def _radio_of(config: Path | None) -> str:
    path = config or default_config_path()
    return "system" if path is None else load(path).bluetooth.radio


async def _listen(name: str, seconds: float) -> list[Seen]:
    radio = open_radio(name)
    try:
        return await radio.scan(seconds)
    except RADIO_ERRORS as error:
        detail = str(error) or type(error).__name__
        raise RadioUnavailable(f"The Bluetooth adapter does not scan: {detail}.") from error
    finally:
        await radio.close()


def _table(seen: Sequence[Seen]) -> Table:
    table = Table("name", "address", "signal", "stretchband")
    for one in seen:
        name = Text(plain(one.name or ""))  # from the air, by anybody: no markup, no escapes
        ours = "yes" if one.is_stretchband else ""
        table.add_row(name, plain(one.address), f"{one.rssi} dBm", ours)
    return table
