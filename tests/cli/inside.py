"""A command line inside this process: the same `main`, without its half second of imports."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tracker.cli import main


@dataclass(frozen=True)
class Done:
    """What a command wrote, and its exit status."""

    status: object
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`stretchband` with these words, as on a computer where it was not configured."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["stretchband", *map(str, words)])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        status: object = None
        try:
            main()
        except SystemExit as end:
            status = end.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        said = capfd.readouterr()
        return Done(status or 0, said.out, said.err)

    return run
