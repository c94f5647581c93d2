"""The unit under a booted systemd: its sandbox, its watchdog, its ends and its starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.bluez.home import Home, Play
from tests.bluez.service import PASSWORD, STATE, Service

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]


@asynccontextmanager
async def started(home: Home) -> AsyncIterator[Service]:
    """The service, active, for this band; what it said is shown where the test fails."""
    service = Service(home.machine)
    await service.configure(home)
    try:
        await service.control("reset-failed")
        said = await service.control("start")
        assert not said, (said, await service.journal())
        yield service
    except BaseException:
        with suppress(AssertionError):
            print(await service.control("status", "--no-pager"))  # noqa: T201 - see above
            print(await service.journal())  # noqa: T201
        raise
    finally:
        await service.control("stop")


@pytest.mark.core
async def test_a_session_is_whole_in_the_sandbox(served: Home) -> None:
    home, play = served, Play()
    async with home.band_on_air(*play.options), started(home) as service:
        assert await service.shows("ActiveState") == "active"
        pid = await service.shows("MainPID")
        proc = await home.machine.sh(f"cat /proc/{pid}/status")
        status = dict(line.split(":\t", 1) for line in proc.splitlines())
        assert int(status["CapBnd"], 16) == int(status["CapAmb"], 16) == 0
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        user = (await home.machine.sh("id -u stretchband")).strip()
        assert status["Uid"].split() == [user] * 4
        await home.until_event("session_ended")
        await home.all_there(play, STATE)
        assert await service.shows("StatusText") == (
            f"{home.band} is connected. the broker is connected."
        )
        files = await home.machine.sh(f"stat -c '%a %U' {STATE} {STATE}/{home.band}.db*")
        assert set(files.split("\n")) == {"700 stretchband", "600 stretchband", ""}
        said = await service.journal()
        assert PASSWORD not in said
        assert "Traceback" not in said
        begun_s = asyncio.get_running_loop().time()
        await service.control("stop")
        home.measured("to stop the unit, s", asyncio.get_running_loop().time() - begun_s)
        assert await service.shows("ActiveState") == "inactive"
        assert await service.shows("Result") == "success"
        assert await service.shows("ExecMainStatus") == "0"
        assert "Connected: no" in await home.known_to_bluez()


async def test_a_bluetoothd_that_systemd_restarts_is_waited_for(served: Home) -> None:
    home, play = served, Play()
    async with home.band_on_air(*play.options), started(home) as service:
        await home.until_event("hold_started", 2)
        await home.machine.sh("systemctl restart bluetooth")
        await home.until_event("session_ended")
        await home.all_there(play, STATE)
        assert await service.shows("NRestarts") == "0"


async def test_a_killed_daemon_is_started_again_and_reads_on(served: Home) -> None:
    home, play = served, Play()
    async with home.band_on_air(*play.options), started(home) as service:
        await home.until_event("hold_started", 2)
        await service.control("kill", "--signal=SIGKILL")
        await service.until("NRestarts", "1")
        await home.until_event("session_ended")
        await home.all_there(play, STATE)
        assert await service.shows("ActiveState") == "active"


async def test_a_daemon_that_hangs_is_ended_by_its_watchdog_and_started_again(served: Home) -> None:
    home, play = served, Play()
    await Service(home.machine).let_it_hang()
    async with home.band_on_air(*play.options), started(home) as service:
        await home.until_event("hold_started", 2)
        begun_s = asyncio.get_running_loop().time()
        await service.control("kill", "--signal=SIGUSR1")
        await service.until("NRestarts", "1")
        home.measured("a hang, until the restart, s", asyncio.get_running_loop().time() - begun_s)
        await home.until_event("session_ended")
        await home.all_there(play, STATE)
        said = await service.journal()
        assert "Watchdog timeout" in said
        assert "Fatal Python error: Aborted" in said
        assert "in hang_here" in said


async def test_a_daemon_without_a_radio_does_not_count_as_started(served: Home) -> None:
    home = served
    await home.machine.pull_out()
    try:
        service = Service(home.machine)
        await service.configure(home)
        said = await service.control("start")
        assert "failed" in said
        assert "No Bluetooth adapter was found" in await service.journal()
        await home.machine.plug_in()
        await service.until("ActiveState", "active")
    finally:
        await Service(home.machine).control("stop")
