"""The units under a booted systemd: their sandbox, their watchdog, their ends and their starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.bluez.home import Home, Play
from tests.bluez.machine import PYTHON, Done
from tests.bluez.service import PAGE, PASSWORD, STATE, WORD, Service

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]


# What the page answers to a browser on the machine: its status, and where it points to.
ASKED = """
import http.client
page = http.client.HTTPConnection("127.0.0.1", 8095, timeout=60)
page.request("GET", "/")
answer = page.getresponse()
print(answer.status, answer.getheader("location"))
"""
POLICIES = "/etc/dbus-1/system.d"
# As BlueZ itself has it where Debian has not loosened it; here without any group.
DENIED = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy context="default"><deny send_destination="org.bluez"/></policy></busconfig>
"""
INTROSPECT = (
    *("dbus-send", "--system", "--print-reply", "--dest=org.bluez", "/"),
    "org.freedesktop.DBus.Introspectable.Introspect",
)


@asynccontextmanager
async def started(home: Home, *unit: str) -> AsyncIterator[Service]:
    """The service, active, for this band; what it said is shown where the test fails."""
    service = Service(home.machine, *unit)
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


async def has_no_rights(service: Service) -> None:
    """The process as the kernel sees it."""
    pid = await service.shows("MainPID")
    proc = await service.machine.sh(f"cat /proc/{pid}/status")
    status = dict(line.split(":\t", 1) for line in proc.splitlines())
    assert int(status["CapBnd"], 16) == int(status["CapAmb"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    user = (await service.machine.sh("id -u stretchband")).strip()
    assert status["Uid"].split() == [user] * 4


@pytest.mark.core
async def test_a_session_is_whole_in_the_sandbox(served: Home) -> None:
    home, play = served, Play()
    async with home.band_on_air(*play.options), started(home) as service:
        assert await service.shows("ActiveState") == "active"
        await has_no_rights(service)
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
        assert "no Bluetooth adapter was found" in await service.journal()
        await home.machine.plug_in()
        await service.until("ActiveState", "active")
    finally:
        await Service(home.machine).control("stop")


async def test_the_page_is_served_in_its_sandbox_and_again_when_killed(
    served: Home,
) -> None:
    home = served
    async with started(home, PAGE) as page:
        assert await page.shows("ActiveState") == "active"
        await has_no_rights(page)
        listening = await home.machine.sh("ss --listening --tcp --numeric --no-header")
        assert [line.split()[3] for line in listening.splitlines() if ":8095" in line] == [
            "127.0.0.1:8095"
        ]
        assert await home.machine.run(PYTHON, "-c", ASKED) == Done(0, "303 /login\n")
        await page.control("kill", "--signal=SIGKILL")
        await page.until("NRestarts", "1")
        await page.until("ActiveState", "active")
        assert await home.machine.run(PYTHON, "-c", ASKED) == Done(0, "303 /login\n")
        said = await page.journal()
        assert not [word for word in (PASSWORD, WORD, "Traceback") if word in said]
        await page.control("stop")
        assert await page.shows("ActiveState") == "inactive"
        assert await page.shows("Result") == "success"


async def test_the_bus_policy_lets_the_services_user_in_and_nobody_else(served: Home) -> None:
    machine = served.machine

    async def lets_in(user: str) -> bool:
        """By no group."""
        done = await machine.run(*INTROSPECT, user=user)
        assert (done.status == 0) != ("AccessDenied" in done.said), done
        return done.status == 0

    (machine.share / "denied.conf").write_text(DENIED, "utf-8")
    await machine.sh(f"cp /share/denied.conf {POLICIES} && systemctl reload dbus")
    try:
        assert not await lets_in("stretchband")
        await machine.sh(
            f"cp /share/config/dbus/stretchband.conf {POLICIES} && systemctl reload dbus"
        )
        assert await lets_in("stretchband")
        assert not await lets_in("nobody")
    finally:
        await machine.sh(f"rm -f {POLICIES}/denied.conf {POLICIES}/stretchband.conf")
        await machine.sh("systemctl reload dbus")
