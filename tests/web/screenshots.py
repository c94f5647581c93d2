"""Take the pictures of the page for docs/img: `python -m tests.web.screenshots`.

A session of the simulated leg is played through the band, the daemon and Mosquitto; the history is
ten years of made-up sessions, by which the time to draw is told too.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, expect

from tests.daemon.parts import band, daemon
from tests.mosquitto import Mosquitto
from tests.store.filling import new_store, weeks_of_sessions
from tests.web.page import PHONE, SCREEN, TABLET, browser, looking, served

IMAGES = Path(__file__).parents[2] / "docs" / "img"
TEN_YEARS = 3652
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
CARRIED = "performance.getEntries().reduce((sum, e) => sum + (e.transferSize ?? 0), 0)"


async def live(folder: Path) -> None:
    """The states of a hold, from a real chain in real time."""
    broker = Mosquitto(folder)
    broker.start()
    played = ("--seed", "3", "--start-on-connect")
    async with (
        band(folder, *played),
        daemon(folder, broker.port, "[detector]\ntarget_s = 20.0"),
        served(folder, broker.port) as address,
        browser() as chrome,
        looking(chrome, address, read=False) as page,
    ):
        await page.screenshot(path=IMAGES / "page-cautions.png")
        await page.get_by_role("button", name="I have read this").click()
        print(f"first paint {await page.evaluate(PAINTED):.0f} ms", end=", ")  # noqa: T201
        print(f"{await page.evaluate(CARRIED) / 1000:.0f} kB carried")  # noqa: T201
        ring, seconds = page.locator("#ring-box"), page.locator("#seconds")
        await expect(ring).to_have_attribute("data-state", "holding", timeout=300_000)
        await until_seconds(page, 14)
        await page.screenshot(path=IMAGES / "page-holding.png")
        async with looking(chrome, address, PHONE, dark=True) as small:
            await small.wait_for_timeout(3000)
            await small.screenshot(path=IMAGES / "page-phone.png")
        await until_seconds(page, 24)
        await page.screenshot(path=IMAGES / "page-past-target.png")
        await expect(page.locator("#what")).to_have_text("other leg", timeout=300_000)
        await page.screenshot(path=IMAGES / "page-other-leg.png")
        broker.kill()
        await expect(seconds).to_have_text("no signal", timeout=60_000)
        await page.screenshot(path=IMAGES / "page-no-signal.png")


async def until_seconds(page: Page, least: int) -> None:
    """Wait until a hold shows so many."""
    await page.wait_for_function(
        "least => +document.getElementById('seconds').textContent >= least",
        arg=least,
        timeout=300_000,
    )


async def history(folder: Path) -> None:
    """Ten years, drawn."""
    store = new_store(folder / "history.db")
    store.add("band1", [], list(weeks_of_sessions(TEN_YEARS)), None)
    store.close()
    async with (
        served(folder, 1) as address,
        browser() as chrome,
        looking(chrome, address, SCREEN) as page,
    ):
        began_s = time.monotonic()
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("#sessions li").first).to_be_visible()
        print(f"ten years drawn in {time.monotonic() - began_s:.2f} s")  # noqa: T201
        print(json.dumps(await page.locator("#sum").inner_text()))  # noqa: T201
        await page.set_viewport_size(TABLET)
        await page.screenshot(path=IMAGES / "page-history.png")


async def all_of_them() -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        await history(Path(other))
        await live(Path(one))


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        sys.exit("chromium is not installed (Debian: apt install chromium)")
    asyncio.run(all_of_them())
