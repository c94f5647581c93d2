"""`stretchband teach` without a daemon: from a recording, into the history; with one in test_teach
of tests/daemon.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.cli.inside import Done, Run
from tests.cli.inside import run as run  # noqa: PLC0414 - a fixture
from tests.detect.leg import PIGEON, STANDING, Pose, write
from tests.mosquitto import free_port
from tracker.store import Store

STAND, HELD = Pose(STANDING, 6.0), Pose(PIGEON, 16.0, move_s=3.0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    config = tmp_path / "tracker.toml"
    config.write_text(
        f'[store]\npath = "history.db"\n[mqtt]\nport = {free_port()}\n'
        '[[bands]]\nid = "band1"\naddress = "F0:F1:F2:F3:F4:01"\n',
        "utf-8",
    )
    return config


@pytest.fixture
def teach(home: Path, run: Run) -> Run:
    return partial(run, "teach", "--config", home)


def test_what_a_recording_shows_is_learnt_listed_known_to_analyze_and_forgotten(
    home: Path, run: Run, teach: Run
) -> None:
    file = write(home.parent / "pigeon.csv", (STAND, HELD, STAND))
    done = teach("pigeon", "--side", "left", "--recording", file)
    assert done == Done(0, "learnt: pigeon on the left leg\n", "")
    assert teach("--list").out == "pigeon\tleft\n"

    history = home.parent / "history.db"
    found = run("analyze", file, "--json", "--taught", history).out.splitlines()
    ends = [event for event in map(json.loads, found) if event["event"] == "hold_ended"]
    assert [(end["stretch"], end["side"]) for end in ends] == [("pigeon", "left")]

    assert teach("--forget", "pigeon").out == "forgotten: pigeon\n"
    assert teach("--list").out == ""
    assert teach("--forget", "pigeon").err == "stretchband: pigeon is not taught\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Pigeon!",), "'Pigeon!' cannot be taught as a name"),
        (("hamstring",), "hamstring is known already"),
        (("pigeon", "--band", "band9"), "there is no band 'band9'; the config has band1"),
        (("pigeon",), "nothing listens at"),
    ],
)
def test_what_cannot_be_taught_is_said_in_one_line(
    home: Path, teach: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = teach(*arguments)
    assert done.status != 0
    assert done.out == ""
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_recording_in_which_nothing_is_held_teaches_nothing(home: Path, teach: Run) -> None:
    file = write(home.parent / "stood.csv", (Pose(STANDING, 20.0),))
    done = teach("pigeon", "--recording", file)
    assert done.status != 0
    assert "no posture was held for 10 s after a rest" in done.err


def test_a_recording_waits_for_a_daemon_that_has_the_history(home: Path, teach: Run) -> None:
    file = write(home.parent / "pigeon.csv", (STAND, HELD, STAND))
    store = Store.open(home.parent / "history.db")
    try:
        done = teach("pigeon", "--recording", file)
    finally:
        store.close()
    assert done.status != 0
    assert "is in use by another stretchband run" in done.err


@pytest.mark.parametrize("arguments", [(), ("pigeon", "--list"), ("pigeon", "--side", "both")])
def test_one_thing_is_asked_at_a_time(home: Path, teach: Run, arguments: tuple[str, ...]) -> None:
    assert teach(*arguments).status == 2
