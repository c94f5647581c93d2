"""The command line as a whole: what is there, how wrong input ends, how quick it answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked


def stretchband(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tracker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    shown = stretchband("--help")
    assert shown.returncode == 0
    for name in (
        "demo",
        "run",
        "dashboard",
        "doctor",
        "scan",
        "pair",
        "analyze",
        "teach",
        "history",
        "export",
        "import",
        "report",
        "reanalyze",
    ):
        assert f" {name} " in shown.stdout
    assert "--version" in shown.stdout


async def test_help_shows_what_stands_in_brackets() -> None:
    done = await forked.run("tracker", "demo", "--help")
    shown = " ".join(done.stdout.replace("│", " ").split())
    assert "[default: 8095 if free]" in shown
    assert "[default: thrown away]" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--config", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("pair", "--config", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("history", "--db", "nowhere.db"), "there is no history at nowhere.db"),
        (("analyze", "nowhere.csv", "--json"), "nowhere.csv"),
    ],
)
async def test_what_a_person_can_mend_is_one_line_and_status_2(
    arguments: tuple[str, ...], said: str
) -> None:
    done = await forked.run("tracker", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


RECORDING = Path(__file__).parents[1] / "detect" / "recordings" / "breath-pos2-4sbreathing.csv.gz"


def test_output_that_cannot_be_written_is_one_line() -> None:
    command = [sys.executable, "-m", "tracker", "analyze", str(RECORDING), "--json", "--as-hold"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "stretchband: what was found cannot be written: No space left on device\n"


def test_an_output_that_is_closed_is_no_fault() -> None:
    told = f"exec {sys.executable} -m tracker analyze {RECORDING} --json --as-hold >&-"
    done = subprocess.run(["sh", "-c", told], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_that_knows_only_ascii_gets_ascii() -> None:
    command = [sys.executable, "-m", "tracker", "analyze", str(RECORDING), "--as-hold"]
    only_ascii = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=only_ascii, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b" deg " in done.stdout


def test_the_version_is_told() -> None:
    assert stretchband("--version").stdout.startswith("stretchband 0.")


def test_an_unknown_command_is_a_usage_error() -> None:
    done = stretchband("dance")
    assert done.returncode == 2
    assert "No such command 'dance'" in done.stderr


def test_reading_the_history_does_not_import_scipy() -> None:
    code = "import sys, tracker.cli as c; c.application('history'); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
