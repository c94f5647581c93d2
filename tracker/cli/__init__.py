"""The command `stretchband`: one file a subcommand; errors become one line and a status here."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from tracker.errors import StretchbandError

COMMANDS = (
    "demo",
    "run",
    "dashboard",
    "scan",
    "pair",
    "doctor",
    "analyze",
    "teach",
    "history",
    "export",
    "import",
    "report",
    "reanalyze",
)
SERVING = ("run", "dashboard")
_FILES = {"import": "importing"}  # where the command's name is a word of Python


def application(*names: str) -> typer.Typer:
    """The command line with these subcommands."""
    app = typer.Typer(
        name="stretchband",
        help="A band on the ankle sees when a stretch is held and how the breath moves it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",  # as `rich`, square brackets would be taken for styles
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_of_all)  # without it a single subcommand would lose its name
    for name in names:
        file = _FILES.get(name, name)
        app.command(name)(getattr(import_module(f"tracker.cli.{file}"), file))
    return app


def _of_all(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """What stands before a subcommand; `main` has answered --version."""


def _write_what_can_be_written() -> None:
    """Outputs take every text: closed ones drop it, and what cannot be encoded becomes `?`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _without_looking_for_garbage(*names: str) -> typer.Typer:
    """The same, sooner. What is imported stays to the end.

    To look through it while it grows, and twice more when the process ends, took a fifth of a
    second for the daemon.
    """
    gc.disable()
    atexit.register(gc.freeze)
    try:
        return application(*names)
    finally:
        gc.enable()


def _end_when_told(asked: str) -> None:
    """A signal ends a command as Ctrl-C does, so that it takes what it has half written away."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP, and so do we then
            # What serves until it is told to end has nothing in hand before it has begun.
            status = 0 if asked in SERVING else 128 + number
            signal.signal(number, lambda *_, status=status: sys.exit(status))


def main() -> None:
    """Run the command line; what a person can mend is one line on standard error.

    Only the subcommand that is asked for is imported: SciPy alone takes more than a second.
    """
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    _write_what_can_be_written()
    _end_when_told(asked)
    if asked == "--version":
        print(f"stretchband {version('stretchband')}")  # noqa: T201 - what was asked for
        return
    try:
        try:
            _without_looking_for_garbage(*([asked] if asked in COMMANDS else COMMANDS))()
        finally:
            sys.stdout.flush()
    except StretchbandError as error:
        print(f"stretchband: {error}", file=sys.stderr)  # noqa: T201 - the edge where errors are told
        sys.exit(error.exit_status)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever read has seen enough
        sys.exit(1)
    except OSError as error:
        if error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"stretchband: what was found cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
