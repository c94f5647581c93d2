"""`stretchband doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from tracker.config import Config
from tracker.doctor import Finding, Redaction, State, examine, report
from tracker.doctor.examination import read_config
from tracker.plain import plain

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
        _show(Console(highlight=False), findings, redacted)
    if any(finding.state is State.WRONG for finding in findings):
        raise typer.Exit(1)


def secrets_of(config: Config) -> list[str | None]:
    """What must not be shown: passwords wherever they are from, and who uses the broker's."""
    return [*config.secrets(), config.mqtt.username]


def _show(console: Console, findings: Sequence[Finding], redacted: Redaction) -> None:
    """On a terminal wrapped between words; else a line each, however long."""
    if not console.is_terminal:
        for finding in findings:
            console.print(_safe(finding, finding.line, redacted), soft_wrap=True, markup=False)
        return
    table = Table.grid("", "", Column(overflow="fold"), padding=(0, 2, 0, 0))
    for finding in findings:
        state = Text(finding.state, _COLOURS[finding.state])
        said = _safe(finding, finding.sentence, redacted)
        table.add_row(state, Text(plain(finding.about)), Text(said))
    console.print(table)


def _safe(finding: Finding, text: str, redacted: Redaction) -> str:
    return text if finding.state is State.OK else redacted(text)
