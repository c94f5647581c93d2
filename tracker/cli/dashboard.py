"""`stretchband dashboard`: the page, until it is told to stop."""

from __future__ import annotations

import faulthandler
import logging
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.database import DbOption
from tracker.cli.run import chosen
from tracker.config import Config, default_config_path, load
from tracker.daemon.house import mqtt_settings
from tracker.errors import extra_missing
from tracker.plain import log_to_stderr

_log = logging.getLogger(__name__)
LIBRARIES = ("itsdangerous", "sse_starlette", "starlette", "uvicorn")  # of the extra `dashboard`


def dashboard(
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
    db: DbOption = None,
    host: Annotated[
        str | None, typer.Option(help="The address to listen on, instead of the config's.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port, instead of the config's; 0: any free one."),
    ] = None,
) -> None:
    """Show the page: live from the floor, and the history.

    Only this machine reaches it; another address needs a password, `dashboard.password_file` in
    the config.
    """
    try:
        from tracker.web.server import serve
    except ModuleNotFoundError as error:
        if error.name not in LIBRARIES:
            raise
        raise extra_missing("the page", error.name, "dashboard") from None
    settings = load(chosen(config)) if config or default_config_path() else Config()
    log_to_stderr("WARNING")
    faulthandler.enable()  # as `run` does
    for file in settings.exposed_secrets():
        _log.warning("others can read %s: chmod 600 %s", file, file)
    serve(
        mqtt_settings(settings),
        db or settings.db_path,
        host or settings.dashboard.host,
        settings.dashboard.port if port is None else port,
        settings.dashboard_password(),
        settings.dashboard.names,
    )
