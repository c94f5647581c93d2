"""`stretchband export` at the command line."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import pytest

from tests.cli.inside import Done, Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tests.store.filling import BAND, Told, frame, new_store

ROOT = Path(__file__).parents[2]
SECONDS = 2000


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = new_store(tmp_path_factory.mktemp("filled") / "history.db")
    frames = [frame(seq) for seq in range(2 * SECONDS)]
    store.add(BAND, frames, Told().session(100.0), None)
    store.close()
    return store.path


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    """A history of its own for each test."""
    return Path(shutil.copy(filled, tmp_path))


@pytest.fixture
def export(run: Run) -> Run:
    """`stretchband export` with these words."""
    return partial(run, "export")


@dataclass
class Terminal:
    """A terminal to write to, and what it was told, whole once it is closed."""

    file: TextIO
    said: bytes = b""


@contextmanager
def on_a_terminal() -> Iterator[Terminal]:
    """Read while it is written: a terminal that nobody reads is full after a few kilobytes."""
    ours, theirs = pty.openpty()
    terminal = Terminal(os.fdopen(theirs, "w"))

    def drain() -> None:
        with suppress(OSError):  # Linux ends a terminal with EIO
            while piece := os.read(ours, 65536):
                terminal.said += piece

    reader = threading.Thread(target=drain)
    reader.start()
    try:
        with terminal.file:
            yield terminal
    finally:
        reader.join(30)
        os.close(ours)
    assert not reader.is_alive()


def test_without_a_file_it_goes_to_standard_output_as_csv(export: Run, path: Path) -> None:
    done = export("holds", "--db", str(path))
    assert (done.status, done.err) == (0, "")
    rows = list(csv.DictReader(done.out.splitlines()))
    assert [row["side"] for row in rows] == ["left", "right"]
    assert export("holds", "--db", str(path), "--out", "-").out == done.out


def test_the_ending_of_the_file_says_the_format(export: Run, path: Path, tmp_path: Path) -> None:
    out = tmp_path / "holds.json"
    assert export("holds", "--db", str(path), "--out", str(out)) == Done(0, "", "")
    assert [row["duration_s"] for row in json.loads(out.read_text())] == [45.0, 50.5]
    assert export("holds", "--db", str(path), "--out", str(out), "--format", "csv").status == 0
    assert out.read_text().startswith("hold_id,")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hold"], '"hold" cannot be exported: one of holds, breaths, sessions, events, samples'),
        (["holds", "--format", "xls"], '--format "xls" is not known: one of csv, json, ndjson'),
        (["holds", "--since", "lately"], '--since "lately" is no date: give a day such as'),
        (["holds", "--db", "none.db"], "there is no history at none.db"),
        (["samples", "--band", "band9"], 'no band "band9" in'),
        (["samples", "--boot", "3"], "no --boot 3 of band1 is stored; there: 1 (from "),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_with_status_2(
    export: Run, path: Path, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    out = tmp_path / "out.csv"
    done = export("--db", str(path), *arguments, "--out", str(out))
    assert (done.status, done.out) == (2, "")
    assert expected in done.err
    assert done.err.count("\n") == 1
    assert not out.exists()


def test_without_db_it_is_the_one_of_the_config_or_the_users_own(
    export: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert "data/stretchband/history.db" in export("holds").err
    config = tmp_path / "config" / "stretchband" / "tracker.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[store]\npath = "{path}"\n')
    assert export("holds").out == export("holds", "--db", str(path)).out


def test_a_reader_that_has_enough_is_not_told_of(path: Path) -> None:
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "export", "samples"]
    export = subprocess.Popen(
        [*command, "--db", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert export.stdout.readline() == b"time_s,x_g,y_g,z_g\r\n"
        export.stdout.close()
        assert export.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk to write to is Linux's")
@pytest.mark.parametrize("kind", ["holds", "samples"])  # less and more than a buffer
def test_a_full_disk_behind_standard_output_is_told_in_one_line(path: Path, kind: str) -> None:
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "export", kind]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "--db", str(path)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"cannot be written: No space left" in done.stderr


def test_a_bar_moves_on_the_terminal_only_when_a_file_is_written(
    export: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as here, on_a_terminal() as terminal:
        here.setattr(sys, "stderr", terminal.file)
        export("samples", "--db", str(path))
    assert terminal.said == b""
    with monkeypatch.context() as here, on_a_terminal() as terminal:
        here.setattr(sys, "stderr", terminal.file)
        export("samples", "--db", str(path), "--out", str(tmp_path / "samples.csv"))
    assert f"{SECONDS * 50}/{SECONDS * 50}".encode() in terminal.said


def test_what_nobody_can_read_is_not_written_to_a_terminal(
    export: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["holds", "--format", "parquet"], ["holds", "--format", "fit"], ["--all"]):
        with monkeypatch.context() as here, on_a_terminal() as terminal:
            here.setattr(sys, "stdout", terminal.file)
            done = export(*arguments, "--db", str(path))
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert "is nothing to read on a terminal: name a file with --out" in done.err
        assert terminal.said == b""


def test_a_bar_moves_while_everything_is_packed(
    export: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as here, on_a_terminal() as terminal:
        here.setattr(sys, "stderr", terminal.file)
        export("--all", "--db", str(path), "--out", str(tmp_path / "moving.zip"))
    assert b"history" in terminal.said
    amounts = re.findall(rb"([\d.]+)/([\d.]+) (?:KiB|MiB)", terminal.said)
    assert amounts[-1][0] == amounts[-1][1]


def test_how_many_holds_a_health_format_leaves_out_is_said(
    export: Run, path: Path, tmp_path: Path
) -> None:
    store = new_store(path)
    store.add(BAND, [], [Told().hold_started(5000.0)], None)
    store.close()
    out = tmp_path / "holds.fhir.json"
    done = export("holds", "--db", str(path), "--out", str(out))
    assert (done.status, done.out) == (0, "")
    assert done.err == "left out: 1 of the holds, whose end or wall time is not known\n"
    assert len(json.loads(out.read_text())["entry"]) == 2


TOLD_TO_END = """
import os, signal, sys
import {module} as module
from tracker.cli import main
real = module.{function}
def told_to_end(*given):
    os.kill(os.getpid(), signal.{number})
    return real(*given)
module.{function} = told_to_end
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, which is right, too
main()
"""


@pytest.mark.parametrize(("number", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
@pytest.mark.parametrize(
    ("module", "function", "what"),
    [
        ("os", "fsync", ["holds"]),  # all is written, and has not its name yet
        ("os", "fsync", ["holds", "--format", "parquet"]),
        ("tracker.export.archive", "_digest", ["--all"]),  # the copy is there, and no archive
    ],
)
def test_told_to_end_it_leaves_what_was_there_and_no_half_file(
    path: Path,
    tmp_path: Path,
    number: str,
    status: int,
    module: str,
    function: str,
    what: list[str],
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "holds").write_text("of yesterday", "utf-8")
    code = TOLD_TO_END.format(number=number, module=module, function=function)
    out = ("--db", str(path), "--out", str(folder / "holds"))
    done = subprocess.run(
        [sys.executable, "-c", code, "export", *what, *out],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (status, b"")
    assert [(file.name, file.read_text("utf-8")) for file in folder.iterdir()] == [
        ("holds", "of yesterday")
    ]
