"""`stretchband run`: the daemon, until it is told to stop."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tracker.bands.bonds import bonds_beside
from tracker.bands.opening import open_radio
from tracker.cli.wanted import NO_BANDS
from tracker.config import Config, ConfigError, default_config_path, load
from tracker.daemon import Daemon
from tracker.errors import StretchbandError
from tracker.plain import log_to_stderr
from tracker.systemd import Systemd


class LogLevel(StrEnum):
    """How much is said on standard error."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


def run(
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
    log: Annotated[
        LogLevel, typer.Option(help="How much is said on standard error.")
    ] = LogLevel.INFO,
) -> None:
    """Read the bands, keep the history, tell the house.

    SIGTERM and Ctrl-C end it in order.
    """
    settings = load(chosen(config))
    if not settings.bands:
        raise ConfigError(f"{chosen(config)} {NO_BANDS}")
    log_to_stderr(log.upper())
    faulthandler.enable()  # systemd ends a daemon that hangs by SIGABRT: this says where it hung
    for library in ("bleak", "bleak_retry_connector", "bumble", "sqlite_utils"):
        logging.getLogger(library).setLevel(max(logging.WARNING, logging.getLogger().level))
    for file in settings.exposed_secrets():
        logging.getLogger(__name__).warning("others can read %s: chmod 600 %s", file, file)
    try:
        asyncio.run(until_stopped(settings))
    except BaseExceptionGroup as group:
        told, bugs = group.split(StretchbandError)
        if told is None or bugs is not None:
            raise
        raise first_of(told) from None


def first_of(group: BaseExceptionGroup[StretchbandError]) -> StretchbandError:
    """What is to be told when several parts failed at once: the first will do."""
    for error in group.exceptions:
        return first_of(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("a group is never empty")


def chosen(config: Path | None) -> Path:
    """The config named, or the first of the usual places."""
    path = config or default_config_path()
    if path is None:
        raise ConfigError(
            "no config: name one with --config, or copy config/tracker.toml to "
            "~/.config/stretchband/tracker.toml"
        )
    return path


async def until_stopped(config: Config) -> None:
    """Run the daemon; SIGTERM and SIGINT end it."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bluetooth = config.bluetooth
    radio = open_radio(bluetooth.radio, bonds_beside(config.db_path), recovery=bluetooth.recovery)
    await Daemon(config, radio, Systemd()).run(stop)
