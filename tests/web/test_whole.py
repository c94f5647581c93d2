"""The page with a real band, daemon and broker behind it, and what it says without one of them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.daemon.parts import band, daemon
from tests.mosquitto import Mosquitto
from tests.web.page import looking, served, serving
from tracker.store import History

LONG_MS = 120_000  # a hold comes when the leg is ready

pytestmark = pytest.mark.asyncio(loop_scope="session")
expect.set_options(timeout=30_000)


async def test_that_hurt_ends_the_hold_and_is_in_the_history(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    played = ("--seed", "3", "--start-on-connect", "--speed", "4")
    async with (
        band(tmp_path, *played) as one,
        daemon(tmp_path, mosquitto.port) as running,
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address) as page,
    ):
        ring, why = page.locator("#ring-box"), page.locator("#why")
        await expect(ring).to_have_attribute("data-state", "holding", timeout=LONG_MS)
        await expect(page.locator("#phase")).to_have_text(re.compile("exhale|inhale|breathe"))
        # Shorter than five seconds it would be no hold in the history.
        await expect(page.locator("#seconds")).to_have_text(re.compile(r"^([6-9]|\d\d)$"))
        await page.get_by_role("button", name="That hurt").click()
        await expect(page.locator("#said")).to_have_text(
            "Logged. The hold is over: rest, and go easier."
        )
        await expect(ring).to_have_attribute("data-state", "resting")
        await page.get_by_role("link", name="History").click()
        await page.locator("#sessions button").first.click()
        await expect(page.locator("#session-holds li").first).to_contain_text("it hurt")
        await page.get_by_role("link", name="Live", exact=True).click()
        one.send(signal.SIGUSR1)
        await expect(why).to_have_text("the band is out of reach", timeout=LONG_MS)
        one.send(signal.SIGUSR2)
        await expect(ring).not_to_have_attribute("data-state", "nosignal", timeout=LONG_MS)
        running.send(signal.SIGKILL)
        await expect(why).to_have_text("stretchband run is not running")
    with History.open(tmp_path / "history.db") as history:
        reasons = [reason for (reason,) in history.rows("SELECT reason FROM holds", ())]
        said = [name for (name,) in history.rows("SELECT name FROM commands", ())]
    assert reasons[0] == "pain"
    assert said == ["pain"]


async def test_a_server_that_hangs_is_noticed_and_comes_back(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    async with (
        serving(tmp_path, mosquitto.port) as (address, server),
        looking(chrome, address) as page,
    ):
        why = page.locator("#why")
        await expect(why).to_have_text("stretchband run is not running")
        server.send_signal(signal.SIGSTOP)
        try:
            await expect(why).to_have_text("this page has lost its server")
        finally:
            server.send_signal(signal.SIGCONT)
        await expect(why).to_have_text("stretchband run is not running")
