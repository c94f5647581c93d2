"""The command `stretchband`: one file a subcommand; errors become one line and a status here."""

from __future__ import annotations

import sys

import typer

from tracker.cli.analyze import analyze
from tracker.cli.demo import demo
from tracker.cli.export import export
from tracker.cli.history import history
from tracker.cli.run import run
from tracker.cli.scan import scan
from tracker.errors import StretchbandError

app = typer.Typer(
    help="A band on the ankle sees when a stretch is held and how the breath moves it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (demo, run, scan, analyze, history, export):
    app.command()(command)


def main() -> None:
    """Run the command line; what a person can mend is one line on standard error, status 2."""
    try:
        app()
    except StretchbandError as error:
        print(f"stretchband: {error}", file=sys.stderr)  # noqa: T201 - the edge where errors are told
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
