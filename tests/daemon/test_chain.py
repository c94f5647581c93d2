"""The whole chain on real parts: a band over GATT, the daemon, Mosquitto, SQLite."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import cache
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from firmware_sim.framing import FRAME_S
from tests.daemon.parts import BAND, WAIT_S, Part, band, daemon
from tests.faults.home import REST_SPEED, eventually
from tests.mosquitto import Mosquitto
from tests.mqtt.contract import assert_documented
from tests.mqtt.house import Subscriber, subscriber
from tracker.daemon.buzzes import SURE_S

RECORDING = Path(__file__).parents[1] / "detect" / "recordings" / "short-0.csv.gz"
PLAYED = ("--recording", str(RECORDING), "--start-on-connect", "--control", "--speed")
LONG_S = 120.0


@cache
def analyzed(file: Path, *options: str) -> tuple[dict[str, Any], ...]:
    """What `stretchband analyze --json` says of a recording."""
    command = [sys.executable, "-m", "tracker", "analyze", str(file), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return tuple(json.loads(line) for line in done.stdout.splitlines())


def query(db: Path, sql: str) -> list[Any]:
    """The first column of a query."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute(sql)]


def log_of(folder: Path) -> list[str]:
    """The event log as it is stored, in order."""
    return query(folder / "history.db", "SELECT json FROM events ORDER BY position")


def assert_same(mine: list[str], theirs: tuple[dict[str, Any], ...], near_s: float) -> None:
    """The same facts in the same order; numbers up to what a frame's times and counts round."""
    events = [json.loads(text) for text in mine]
    assert [event["event"] for event in events] == [event["event"] for event in theirs]
    for one, other in zip(events, theirs, strict=True):
        assert one.keys() == other.keys()
        assert one["at"] is not None
        for key in one.keys() - {"event_id", "band_id", "at", "hold_id", "session_id"}:
            expected = other[key]
            if isinstance(expected, float):
                expected = pytest.approx(expected, abs=near_s if key.endswith("_s") else 0.05)
            assert one[key] == expected, (key, one, other)


def heard(house: Subscriber) -> list[str]:
    """Events on MQTT in the order they came, doubles and all."""
    topics = {f"stretchband/band/{BAND}/{leaf}" for leaf in ("event", "late")}
    return [h.payload.decode() for h in house.heard if h.topic in topics]


def heard_once(house: Subscriber) -> list[str]:
    """The same, each event where it came first."""
    return list(dict.fromkeys(heard(house)))


def has_heard(house: Subscriber, kind: str, times: int = 1) -> Callable[[], bool]:
    return lambda: sum(f'{{"event":"{kind}"' in text for text in heard_once(house)) >= times


async def finish(house: Subscriber, running: Part, one: Part | None = None) -> None:
    """Wait for the end of the session, then end the daemon in order.

    one: the band, which plays the rest faster.
    """
    if one is not None:
        await one.say(speed=REST_SPEED)
    await house.until(has_heard(house, "session_ended"), LONG_S)
    assert await running.end() == 0, running.said


async def test_a_recording_played_as_the_band_gives_the_events_of_analyze(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "40") as one,
        daemon(tmp_path, mosquitto.port) as running,
    ):
        await finish(house, running)
        ended = await one.told("ended")
        await house.until(lambda: house.on("bridge/state")[-1] == b"offline")
    log = log_of(tmp_path)
    assert heard(house) == log
    assert sum('"hold_ended"' in text for text in log) == 6
    # Half a count and half a millisecond can move a turning point to the next of its 0.2 s steps.
    assert_same(log, analyzed(RECORDING), near_s=0.25)
    assert query(tmp_path / "history.db", "SELECT count(*) FROM frames") == [ended["frames"]]
    told_to_the_house(house)
    assert_documented(house.heard)

    # What was stored is to the last digit what the detector says of the stored samples.
    samples = tmp_path / "samples.csv"
    export = ["export", "samples", "--db", str(tmp_path / "history.db"), "--out", str(samples)]
    command = [sys.executable, "-m", "tracker", *export]
    await asyncio.to_thread(subprocess.run, command, check=True)
    assert_same(log, analyzed(samples), near_s=0.0015)


def told_to_the_house(house: Subscriber) -> None:
    """The retained topics, from the first to the last."""
    assert house.on("bridge/state")[0] == b"online"
    assert b"online" in house.on(f"band/{BAND}/availability")
    assert house.on(f"band/{BAND}/live")
    states = [json.loads(payload) for payload in house.on(f"band/{BAND}/state")]
    holding = [state for state in states if state["holding"]]
    assert {state["stretch"] for state in holding} >= {"hamstring", "inner_thigh"}
    assert all(state["started_at"] and state["target_s"] == 30.0 for state in holding)
    assert states[-1]["holding"] is False
    assert states[-1]["last_hold"]["duration_s"] > 5
    today = json.loads(house.on(f"band/{BAND}/today")[-1])
    assert today["holds"] == 6
    assert today["left_s"] > 0 < today["right_s"]


async def test_the_band_buzzes_at_the_start_of_a_hold_and_at_its_target(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """The band's clock stands in each hold until the buzz has come: however slow the machine."""
    begun_s = [e["start_s"] for e in analyzed(RECORDING) if e["event"] == "hold_ended"]
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "200") as one,
    ):
        await one.say(until_s=0.0)
        async with daemon(tmp_path, mosquitto.port, "[detector]", "target_s = 10.0") as running:
            for number, start_s in enumerate(begun_s, 1):
                await one.say(until_s=start_s + SURE_S + 2 * FRAME_S)
                await eventually(lambda n=number: one.said.count("bzz mild") == n)  # type: ignore[misc]
            await one.say(until_s=1e9)
            await finish(house, running)
    kinds = [json.loads(text)["event"] for text in log_of(tmp_path)]
    assert one.said.count("bzz mild") == kinds.count("hold_ended") == 6
    assert one.said.count("bzz strong") == kinds.count("target_reached") > 0


async def test_a_daemon_killed_in_the_middle_misses_and_doubles_nothing(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with subscriber(mosquitto.port) as house, band(tmp_path, *PLAYED, "30") as one:
        for number in (1, 3, 5):
            async with daemon(tmp_path, mosquitto.port) as running:
                await house.until(has_heard(house, "hold_started", number), LONG_S)
                assert await running.end(signal.SIGKILL) == -signal.SIGKILL
        async with daemon(tmp_path, mosquitto.port) as running:
            await finish(house, running, one)
    log = log_of(tmp_path)
    assert heard_once(house) == log
    assert_same(log, analyzed(RECORDING), near_s=0.25)


async def test_a_band_out_of_range_is_read_on_when_it_is_back(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    def is_lost_in_a_hold() -> bool:
        states = [json.loads(payload) for payload in house.on(f"band/{BAND}/state")]
        return any(state["holding"] and not state["connected"] for state in states)

    async with (
        subscriber(mosquitto.port) as house,
        # The word to leave has to come while the hold lasts, also on a busy machine.
        band(tmp_path, *PLAYED, "10") as one,
        daemon(tmp_path, mosquitto.port) as running,
    ):
        await house.until(has_heard(house, "hold_started"), LONG_S)
        one.send(signal.SIGUSR1)
        await house.until(is_lost_in_a_hold, LONG_S)
        one.send(signal.SIGUSR2)
        await finish(house, running, one)
    assert_same(log_of(tmp_path), analyzed(RECORDING), near_s=0.25)


async def test_a_broker_that_is_not_there_does_not_keep_the_band_from_being_stored(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    # A subscriber whose session the broker keeps, so that nothing is told while it is not there.
    async with lasting_subscriber(mosquitto.port):
        pass
    mosquitto.stop()
    async with band(tmp_path, *PLAYED, "200") as one, daemon(tmp_path, mosquitto.port) as running:
        frames = (await one.told("ended"))["frames"]
        mosquitto.start()
        texts: dict[str, None] = {}
        async with asyncio.timeout(LONG_S), lasting_subscriber(mosquitto.port) as client:
            async for message in client.messages:
                text = bytes(message.payload).decode()
                texts[text] = None
                if '"event":"session_ended"' in text:
                    break
        assert await running.end() == 0, running.said
    assert list(texts) == log_of(tmp_path)
    assert query(tmp_path / "history.db", "SELECT count(*) FROM frames") == [frames]


@asynccontextmanager
async def lasting_subscriber(port: int) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", port, identifier="house", clean_session=False) as client:
        for leaf in ("event", "late"):
            await client.subscribe(f"stretchband/band/{BAND}/{leaf}", qos=1)
        yield client


async def test_to_end_takes_five_seconds_at_most_when_nothing_answers(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "10") as one,
        daemon(tmp_path, mosquitto.port) as running,
    ):
        await house.until(lambda: bool(house.on(f"band/{BAND}/live")), LONG_S)
        one.send(signal.SIGSTOP)
        mosquitto.freeze()
        try:
            async with asyncio.timeout(6.0):  # the contract says 5 s, a loaded machine adds
                assert await running.end() == 0, running.said
        finally:
            mosquitto.thaw()
            one.send(signal.SIGCONT)


async def test_without_a_radio_the_daemon_says_what_is_missing(tmp_path: Path) -> None:
    async with daemon(tmp_path, 1) as running:  # nobody listens on the air
        async with asyncio.timeout(WAIT_S):
            assert await running.process.wait() == 1
    assert running.said.splitlines()[-1].startswith("stretchband: ")
    assert "Traceback" not in running.said
