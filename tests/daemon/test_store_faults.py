"""The history cannot be written for a while, or never: nothing is lost, and it is told."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.daemon.parts import WAIT_S, band, daemon
from tests.daemon.test_chain import (
    LONG_S,
    PLAYED,
    RECORDING,
    analyzed,
    assert_same,
    finish,
    has_heard,
    heard_once,
    log_of,
)
from tests.mosquitto import Mosquitto
from tests.mqtt.house import Subscriber, subscriber
from tests.small_disk import fill, small_disk

LOCKING = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
other.execute("ROLLBACK")
"""


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[Process]:
    """Another process is in the middle of writing."""
    command = (sys.executable, "-c", LOCKING, str(path))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WAIT_S):
            assert await process.stdout.readline() == b"locked\n"
        yield process
    finally:
        process.stdin.close()
        await process.wait()


def store_faults(house: Subscriber) -> list[str | None]:
    return [json.loads(payload)["store_fault"] for payload in house.on("bridge/health")]


def is_told(house: Subscriber, part_of: str) -> Callable[[], bool]:
    return lambda: any(part_of in (fault or "") for fault in store_faults(house))


async def test_a_history_locked_by_another_program_is_told_and_gets_all_when_it_is_free(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "20") as one,
        daemon(tmp_path, mosquitto.port) as running,
    ):
        await house.until(has_heard(house, "hold_started"), LONG_S)
        async with locked(tmp_path / "history.db"):
            await house.until(is_told(house, "is locked by another program"), LONG_S)
            told = len(house.on("bridge/health"))
        await house.until(lambda: None in store_faults(house)[told:], LONG_S)
        await finish(house, running, one)
    assert_same(log_of(tmp_path), analyzed(RECORDING), near_s=0.25)
    assert heard_once(house) == log_of(tmp_path)
    assert running.said.count("is locked by another program") == 1
    assert running.said.count("the history is written again") == 1


async def test_a_full_disk_is_told_and_nothing_is_lost_until_there_is_room(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        async with (
            subscriber(mosquitto.port) as house,
            band(disk, *PLAYED, "20") as one,
            daemon(disk, mosquitto.port) as running,
        ):
            await house.until(has_heard(house, "hold_started", 2), LONG_S)
            filler = fill(disk)
            await house.until(lambda: any(store_faults(house)), LONG_S)
            before = log_of(disk)
            told = len(house.on("bridge/health"))
            filler.unlink()
            await house.until(lambda: None in store_faults(house)[told:], LONG_S)
            await finish(house, running, one)
        log = log_of(disk)
        assert log[: len(before)] == before
        assert_same(log, analyzed(RECORDING), near_s=0.25)
        assert heard_once(house) == log


async def test_a_daemon_killed_on_a_full_disk_goes_on_when_there_is_room(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        async with subscriber(mosquitto.port) as house, band(disk, *PLAYED, "20") as one:
            async with daemon(disk, mosquitto.port) as running:
                await house.until(has_heard(house, "hold_started", 2), LONG_S)
                filler = fill(disk)
                await house.until(lambda: any(store_faults(house)), LONG_S)
                assert await running.end(signal.SIGKILL) == -signal.SIGKILL
            filler.unlink()
            async with daemon(disk, mosquitto.port) as running:
                await finish(house, running, one)
        assert_same(log_of(disk), analyzed(RECORDING), near_s=0.25)


async def test_a_daemon_started_on_a_locked_history_waits_for_it(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with subscriber(mosquitto.port) as house, band(tmp_path, *PLAYED, "200"):
        sqlite3.connect(tmp_path / "history.db").close()
        async with locked(tmp_path / "history.db"), daemon(tmp_path, mosquitto.port) as running:
            async with asyncio.timeout(WAIT_S):
                while "is locked by another program" not in running.said:  # noqa: ASYNC110 - a file
                    await asyncio.sleep(0.05)
            async with asyncio.timeout(6.0):  # told to end, it does so also while it waits
                assert await running.end() == 0, running.said
        async with daemon(tmp_path, mosquitto.port) as running:
            await finish(house, running)
    assert_same(log_of(tmp_path), analyzed(RECORDING), near_s=0.25)


async def test_a_damaged_history_ends_the_daemon_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)
    async with daemon(tmp_path, 1) as running:
        async with asyncio.timeout(WAIT_S):
            assert await running.process.wait() == 2
    (line,) = running.said.splitlines()
    assert line.startswith(f"stretchband: history {tmp_path / 'history.db'} is ")


async def test_a_history_that_is_damaged_while_it_is_written_ends_the_daemon(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    async with (
        subscriber(mosquitto.port) as house,
        band(tmp_path, *PLAYED, "10"),
        daemon(tmp_path, mosquitto.port) as running,
    ):
        await house.until(has_heard(house, "hold_started"), LONG_S)
        spoil(tmp_path / "history.db")
        async with asyncio.timeout(WAIT_S):
            assert await running.process.wait() == 2, running.said
    last = running.said.splitlines()[-1]
    assert last == (
        f"stretchband: history {tmp_path / 'history.db'} is damaged; "
        "put it aside and restore a copy, or start a new one"
    )
    assert "Traceback" not in running.said


def spoil(path: Path) -> None:
    """Another program writes nonsense into a table: what a reader of it finds is no page."""
    other = sqlite3.connect(path, timeout=WAIT_S)
    other.execute("PRAGMA writable_schema = ON")
    other.execute("UPDATE sqlite_master SET rootpage = rootpage + 100000 WHERE name = 'frames'")
    (version,) = other.execute("PRAGMA schema_version").fetchone()
    other.execute(f"PRAGMA schema_version = {version + 1}")
    other.commit()
    other.close()


async def test_a_certificate_that_is_not_there_ends_the_daemon_with_one_sentence(
    tmp_path: Path,
) -> None:
    async with daemon(tmp_path, 1, mqtt=['ca_file = "missing.crt"']) as running:
        async with asyncio.timeout(WAIT_S):
            assert await running.process.wait() == 2
    (line,) = running.said.splitlines()
    assert line.startswith("stretchband: mqtt.ca_file: ")
    assert "missing.crt" in line
