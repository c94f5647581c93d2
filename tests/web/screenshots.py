"""Take the pictures of the page for docs/img: `python -m tests.web.screenshots [NAME ...]`.

Sessions of the simulated leg are played through the band, the daemon and Mosquitto; the history is
ten years of made-up sessions, by which the time to draw is told too.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from playwright.async_api import Browser, Page, expect

from tests.daemon.parts import band, daemon
from tests.mosquitto import Mosquitto
from tests.store.filling import START, new_store, weeks_of_sessions
from tests.web.page import PHONE, SCREEN, TABLET, browser, guarded, looking, served, until
from tests.web.sizes import letters
from tracker.clock import rfc3339
from tracker.detect.events import Event, HoldEnded

IMAGES = Path(__file__).parents[2] / "docs" / "img"
TEN_YEARS = 3650
LAST_DAY = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
LONG_MS = 300_000
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# From the click until the last thing is on the screen; waiting from outside would see it late.
DRAWN = """() => new Promise(done => {
  const began = performance.now(), sessions = document.getElementById("sessions");
  new MutationObserver((_, watching) => {
    if (!sessions.children.length) return;
    watching.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  }).observe(sessions, { childList: true });
  document.getElementById("to-history").click();
})"""
CARRIED = "performance.getEntries().reduce((sum, e) => sum + (e.transferSize ?? 0), 0)"


def told(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - what was asked for


async def take(page: Page, name: str) -> None:
    await page.screenshot(path=IMAGES / f"page-{name}.png")


async def live(folder: Path, chrome: Browser) -> None:
    """The states of a hold, from a real chain in real time."""
    broker = Mosquitto(folder)
    broker.start()
    async with (
        band(folder, "--seed", "7", "--start-on-connect"),  # its breath is plain by 16 s
        daemon(folder, broker.port, "[detector]\ntarget_s = 20.0"),
        served(folder, broker.port) as address,
        looking(chrome, address, read=False) as page,
    ):
        await take(page, "cautions")
        await page.get_by_role("button", name="I have read this").click()
        told(f"first paint {await page.evaluate(PAINTED):.0f} ms")
        await page.evaluate("document.fonts.ready")
        told(f"{await page.evaluate(CARRIED) / 1000:.0f} kB carried")
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("#nothing")).to_be_visible()
        await take(page, "empty")
        await page.get_by_role("link", name="Live", exact=True).click()
        # The second hold: it shows what was held today, too.
        await holding(page)
        await expect(page.locator("#ring-box")).to_have_attribute(
            "data-state", "resting", timeout=LONG_MS
        )
        await holding(page)
        await until_seconds(page, 16)
        await expect(page.locator("#phase")).to_have_text("exhale")
        await take(page, "holding")
        for name in ("seconds", "phase", "side", "what"):
            high_mm, arc = await letters(page, name)
            told(f"{name}: {high_mm:.1f} mm high, {arc:.0f} minutes of arc from 3 m")
        async with looking(chrome, address, PHONE, dark=True) as small:
            await small.wait_for_timeout(4000)
            await take(small, "phone")
        await until_seconds(page, 27)
        await take(page, "past-target")
        await expect(page.locator("#side")).to_have_text("other leg", timeout=LONG_MS)
        await page.wait_for_timeout(4000)
        await take(page, "other-leg")
        broker.kill()
        await expect(page.locator("#seconds")).to_have_text("no signal", timeout=LONG_MS)
        await take(page, "no-signal")


async def holding(page: Page) -> None:
    box = page.locator("#ring-box")
    await expect(box).to_have_attribute("data-state", "holding", timeout=LONG_MS)


async def until_seconds(page: Page, least: int) -> None:
    """Wait until a hold shows so many."""
    shown = "+document.getElementById('seconds').textContent"
    await until(page, f"{shown} >= {least}", LONG_MS / 1000)


async def session(folder: Path, chrome: Browser) -> None:
    """A whole session, sample by sample, and a hold that is corrected; four times real time."""
    broker = Mosquitto(folder)
    broker.start()
    async with served(folder, broker.port) as address:
        async with AsyncExitStack() as house:
            played = ("--seed", "1", "--start-on-connect", "--speed", "4", "--total-s", "480")
            leg = await house.enter_async_context(band(folder, *played))
            await house.enter_async_context(daemon(folder, broker.port))
            await leg.told("ended", wait_s=LONG_MS / 1000)
        async with looking(chrome, address) as page:
            await page.get_by_role("link", name="History").click()
            await page.locator("#sessions button").first.click()
            await expect(page.locator("#session-chart canvas")).to_be_visible()
            await take(page, "session")
            await page.locator("#session-holds button").nth(1).click()
            await page.get_by_label("Note").fill("the towel slipped")
            await take(page, "correction")
    broker.kill()


async def login(folder: Path, chrome: Browser) -> None:
    """What others see first."""
    async with (
        guarded(folder, 1) as address,
        looking(chrome, address, read=False) as page,
    ):
        await page.evaluate("document.fonts.ready")
        await take(page, "login")


def remembered() -> Iterator[Event]:
    """Ten years up to the last day, with a breath that grows calmer."""
    chance = np.random.default_rng(1)
    first = LAST_DAY - timedelta(days=TEN_YEARS)
    later_s = first.replace(hour=17, minute=0).timestamp() - START
    for event in weeks_of_sessions(TEN_YEARS):
        at = rfc3339(later_s + START + event.t_s)
        if isinstance(event, HoldEnded):
            years = event.t_s / 86400 / 365
            rate = round(5.4 + 3.2 * 0.75**years + float(chance.normal(0, 0.5)), 2)
            yield msgspec.structs.replace(event, at=at, breath_rate_bpm=rate)
        else:
            yield msgspec.structs.replace(event, at=at)


async def history(folder: Path, chrome: Browser) -> None:
    """Ten years, drawn."""
    store = new_store(folder / "history.db")
    store.add("band1", [], list(remembered()), None)
    store.close()
    async with (
        served(folder, 1) as address,
        looking(chrome, address, SCREEN) as page,
    ):
        told(f"ten years drawn in {await page.evaluate(DRAWN) / 1000:.2f} s")
        await page.clock.set_fixed_time(LAST_DAY)
        await page.get_by_role("link", name="Live").click()
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("#tiles")).to_contain_text("8 days")
        told(json.dumps(await page.locator("#sum").inner_text()))
        await page.set_viewport_size(TABLET)
        await take(page, "history")


PICTURES = (history, login, session, live)


async def all_of_them(names: Collection[str]) -> None:
    async with browser() as chrome:
        for pictures in PICTURES:
            if names and pictures.__name__ not in names:
                continue
            with tempfile.TemporaryDirectory() as folder:
                await pictures(Path(folder), chrome)


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        sys.exit("chromium is not installed (Debian: apt install chromium)")
    asyncio.run(all_of_them(sys.argv[1:]))
