"""systemd hears when a service is ready, that it lives, and nothing while its event loop hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon.parts import WAIT_S, band, configure, part
from tests.faults.home import eventually
from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tracker.systemd import Systemd

LIMIT_US = 600_000  # a beat each 0.2 s
LIVES = "WATCHDOG=1"
MORE_TIME = f"EXTEND_TIMEOUT_USEC={LIMIT_US}"


class Manager:
    """systemd's end of the socket, and all that it heard."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self._socket.setblocking(False)
        self._heard: list[str] = []

    @property
    def heard(self) -> list[str]:
        """Line by line, up to now."""
        try:
            while True:
                self._heard += self._socket.recv(65536).decode().split("\n")
        except BlockingIOError:
            return self._heard

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.name, "WATCHDOG_USEC": str(LIMIT_US)}

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """At both kinds of places that systemd may name."""
    name = f"@stretchband-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "s")
    with closing(Manager(name)) as one:
        yield one


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """What is started now is started as systemd does."""
    with closing(Manager(str(tmp_path / "notify"))) as one:
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        yield one


async def test_before_it_is_ready_it_asks_for_time_and_then_it_lives(manager: Manager) -> None:
    systemd = Systemd(manager.environment)
    async with systemd.beating():
        await eventually(lambda: manager.heard.count(MORE_TIME) >= 2, WAIT_S)
        assert set(manager.heard) == {MORE_TIME}
        systemd.ready()
        systemd.ready()
        await eventually(lambda: manager.heard.count(LIVES) >= 2, WAIT_S)
        systemd.stopping()
    told = [line for line in manager.heard if line not in (MORE_TIME, LIVES)]
    assert told == ["READY=1", "STOPPING=1"]
    assert manager.heard.index(LIVES) > manager.heard.index("READY=1")
    assert MORE_TIME not in manager.heard[manager.heard.index("READY=1") :]


async def test_a_loop_that_hangs_says_nothing(manager: Manager) -> None:
    systemd = Systemd(manager.environment)
    async with systemd.beating():
        systemd.ready()
        await eventually(lambda: LIVES in manager.heard, WAIT_S)
        before = len(manager.heard)
        time.sleep(3 * LIMIT_US / 1e6)  # noqa: ASYNC251 - this is the hanging
        assert len(manager.heard) == before
        await eventually(lambda: len(manager.heard) > before, WAIT_S)


async def test_a_status_is_told_once_and_is_one_line(manager: Manager) -> None:
    systemd = Systemd(manager.environment)
    async with systemd.beating():
        for sentence in ("band1 is connected.", "band1 is connected.", "a\nREADY=1\x1b[2J"):
            systemd.status(sentence)
        assert manager.heard == ["STATUS=band1 is connected.", r"STATUS=a\nREADY=1\x1b[2J"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": ""}])
async def test_without_systemd_nothing_is_told(environment: dict[str, str]) -> None:
    systemd = Systemd(environment)
    async with systemd.beating():
        systemd.ready()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "systemd"]


async def test_a_socket_that_nobody_reads_stops_nobody(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    systemd = Systemd(manager.environment)
    async with systemd.beating():
        for number in range(10_000):
            systemd.status(str(number))
            if caplog.messages:
                break
        systemd.status("more")
        (said,) = caplog.messages
        assert said.startswith("systemd does not hear what it is told: ")
        assert manager.heard
        systemd.status("heard again")
        assert manager.heard[-1] == "STATUS=heard again"


async def test_a_socket_that_is_not_there_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": f"{tmp_path}/nobody"})
    async with systemd.beating():
        systemd.ready()
    (said,) = caplog.messages
    assert "nobody cannot be used: No such file or directory" in said


def test_a_watchdog_that_is_for_another_process_is_not_ours() -> None:
    asked = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}
    assert Systemd(asked).limit_s == 3.0
    assert Systemd({**asked, "WATCHDOG_PID": "1"}).limit_s == Systemd({}).limit_s


# -- the daemon and the page


HANGS = """
import asyncio, signal, sys, time
from tracker.daemon.tasks import Daemon
run = Daemon.run
async def hangs_when_told(self, stop):
    def hang_here():
        print("hangs now", file=sys.stderr, flush=True)
        time.sleep(1e6)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, hang_here)
    await run(self, stop)
Daemon.run = hangs_when_told
from tracker.cli import main
main()
"""


def daemon_of(folder: Path, port: int, *command: str) -> tuple[Path, list[str]]:
    config = configure(folder, port)
    return folder / "daemon.log", [*(command or ("-m", "tracker")), "run", "--config", str(config)]


async def test_the_daemon_is_ready_once_it_searches_and_says_how_it_goes(
    tmp_path: Path, mosquitto: Mosquitto, notified: Manager
) -> None:
    log, command = daemon_of(tmp_path, mosquitto.port)
    async with band(tmp_path, "--seed", "1"), part(log, *command) as running:
        await eventually(lambda: "READY=1" in notified.heard, WAIT_S)
        assert notified.heard.index(MORE_TIME) < notified.heard.index("READY=1")
        well = "STATUS=band1 is connected. the broker is connected."
        await eventually(lambda: well in notified.heard, WAIT_S)
        await eventually(lambda: LIVES in notified.heard, WAIT_S)
        assert await running.end() == 0
    assert notified.heard.index("STOPPING=1") > notified.heard.index("READY=1")


async def test_a_daemon_without_a_radio_never_was_ready(
    tmp_path: Path, mosquitto: Mosquitto, notified: Manager
) -> None:
    log, command = daemon_of(tmp_path, mosquitto.port)
    async with part(log, *command) as running, asyncio.timeout(WAIT_S):
        assert await running.process.wait() == 1
    assert "READY=1" not in notified.heard


async def test_a_daemon_whose_history_cannot_be_opened_says_so_and_is_not_ready(
    tmp_path: Path, mosquitto: Mosquitto, notified: Manager
) -> None:
    def statuses() -> list[str]:
        return [line for line in notified.heard if line.startswith("STATUS=")]

    log, command = daemon_of(tmp_path, mosquitto.port)
    async with band(tmp_path, "--seed", "1"):
        with closing(sqlite3.connect(tmp_path / "history.db")) as another:
            another.execute("BEGIN EXCLUSIVE")
            async with part(log, *command) as running:
                await eventually(lambda: any("is locked" in line for line in statuses()), WAIT_S)
                beats = notified.heard.count(MORE_TIME)
                await eventually(lambda: notified.heard.count(MORE_TIME) > beats + 3, WAIT_S)
                assert "READY=1" not in notified.heard
                another.close()
                await eventually(lambda: "READY=1" in notified.heard, WAIT_S)
                assert await running.end() == 0


async def test_a_daemon_that_hangs_gives_no_sign_of_life_and_tells_where_when_it_is_ended(
    tmp_path: Path, mosquitto: Mosquitto, notified: Manager
) -> None:
    program = tmp_path / "hangs.py"
    program.write_text(HANGS, "utf-8")
    log, command = daemon_of(tmp_path, mosquitto.port, str(program))
    async with band(tmp_path, "--seed", "1"), part(log, *command) as running:
        await eventually(lambda: LIVES in notified.heard, WAIT_S)
        running.send(signal.SIGUSR1)
        await eventually(lambda: "hangs now" in running.said, WAIT_S)
        before = len(notified.heard)
        await asyncio.sleep(3 * LIMIT_US / 1e6)
        assert len(notified.heard) == before
        assert await running.end(signal.SIGABRT) == -signal.SIGABRT
        assert "Fatal Python error: Aborted" in running.said
        assert "in hang_here" in running.said


async def test_the_page_is_ready_once_it_is_served(
    tmp_path: Path, mosquitto: Mosquitto, notified: Manager
) -> None:
    config = configure(tmp_path, mosquitto.port)
    words = ("-m", "tracker", "dashboard", "--port", "0", "--config", str(config))
    page = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=DEVNULL)
    try:
        await eventually(lambda: LIVES in notified.heard, WAIT_S)
        assert notified.heard.count("READY=1") == 1
        page.terminate()
        assert await asyncio.wait_for(page.wait(), WAIT_S) == 0
    finally:
        if page.returncode is None:
            page.kill()
            await page.wait()
    assert notified.heard.index("STOPPING=1") > notified.heard.index("READY=1")
