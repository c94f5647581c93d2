"""`stretchband doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from tracker.config import PASSWORD_VARIABLE, Config, ConfigError
from tracker.doctor import Finding, Redaction, State, examine, report
from tracker.doctor.examination import read_config

_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.WRONG: "bold red"}


def doctor(
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
    paste: Annotated[
        bool,
        typer.Option("--report", help="A text for a bug report: no passwords, no full addresses."),
    ] = False,
) -> None:
    """Say what is wrong here, and what to do about it.

    The status is 0 when nothing is.
    """
    settings, of_config = read_config(config)
    findings = asyncio.run(examine(settings, of_config))
    redacted = Redaction(secrets_of(settings))
    if paste:
        print(report(settings, findings, redacted))  # noqa: T201 - what was asked for
    else:
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            console.print(_coloured(finding, redacted))
    if any(finding.state is State.WRONG for finding in findings):
        raise typer.Exit(1)


def secrets_of(config: Config) -> list[str | None]:
    """What must not be shown: the password wherever it is from, and who uses it."""
    found = [os.environ.get(PASSWORD_VARIABLE), config.mqtt.username]
    name = config.mqtt.password_file
    if name is not None:
        with suppress(ConfigError, OSError, UnicodeDecodeError):
            found.append(config.path_of(name).read_text("utf-8").strip())
    return found


def _coloured(finding: Finding, redacted: Redaction) -> Text:
    line = finding.line if finding.state is State.OK else redacted(finding.line)
    text = Text(line)
    text.stylize(_COLOURS[finding.state], 0, len(finding.state))
    return text
