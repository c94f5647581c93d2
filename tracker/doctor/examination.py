"""Everything that is looked at, each within a bound, most of it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tracker.config import Config, ConfigError, default_config_path, load
from tracker.daemon.house import mqtt_settings
from tracker.daemon.thread import StoreThread
from tracker.doctor.bluetooth import ABOUT as BLUETOOTH
from tracker.doctor.bluetooth import look_at_radio
from tracker.doctor.broker import ABOUT as BROKER
from tracker.doctor.broker import Broker, look_at_broker
from tracker.doctor.finding import Finding, ok, told, warning, wrong
from tracker.doctor.history import History, look_at_band, look_at_history
from tracker.doctor.machine import look_at_clock, look_at_disk
from tracker.errors import StretchbandError
from tracker.words import count

LIMIT_S = 8.0  # for each part; connecting to a broker that says nothing takes six and a half
T = TypeVar("T")


def read_config(named: Path | None) -> tuple[Config, Finding]:
    """The config and how it is; every default when it cannot be used."""
    path = named or default_config_path()
    if path is None:
        step = "copy config/tracker.toml to ~/.config/stretchband/tracker.toml"
        return Config(), wrong("config", "there is none", step)
    try:
        config = load(path)
    except ConfigError as error:
        return Config(), told("config", str(error), f"mend {path}")
    if not config.bands:
        step = "`stretchband scan` prints the address of one near by"
        return config, wrong("config", f"{path} names no [[bands]]", step)
    return config, _of_password(config, path)


def _of_password(config: Config, path: Path) -> Finding:
    try:
        config.mqtt_password()
        config.dashboard_password()
        exposed = " ".join(str(file) for file in config.exposed_secrets())
        if exposed:
            return warning("config", f"others can read {exposed}", f"chmod 600 {exposed}")
    except ConfigError as error:
        return told("config", str(error), "let this user read it")
    return ok("config", f"{path}, {count(len(config.bands), 'band')}")


async def examine(config: Config, of_config: Finding) -> list[Finding]:
    """All findings, in the order in which they are to be mended."""
    files = StoreThread()
    path = config.db_path
    try:
        radio, broker, history, disk = await asyncio.gather(
            _bounded(look_at_radio(config.bluetooth.radio), lambda: _silent(BLUETOOTH)),
            _bounded(_broker(config), lambda: Broker([_silent(BROKER)])),
            _bounded(files.run(look_at_history, path), lambda: History([_silent("history")])),
            _bounded(files.run(look_at_disk, path), lambda: _silent("disk")),
        )
    finally:
        files.close(0.0)
    bands = [
        look_at_band(
            band,
            history.heard.get(band.id),
            broker.batteries.get(band.id),
            broker.troubles.get(band.id),
        )
        for band in config.bands
    ]
    clock = look_at_clock(history.newest_s)
    return [of_config, clock, disk, *history.findings, radio, *broker.findings, *bands]


async def _broker(config: Config) -> Broker:
    try:
        settings = mqtt_settings(config)
    except StretchbandError as error:
        return Broker([told(BROKER, str(error), "let this user read it")])
    return await look_at_broker(settings, [band.id for band in config.bands])


async def _bounded(work: Awaitable[T], otherwise: Callable[[], T]) -> T:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await work
    except TimeoutError:
        return otherwise()


def _silent(about: str) -> Finding:
    return wrong(about, f"no answer within {LIMIT_S:g} s", "see whether it hangs; try again")
