"""The page for eyes three metres away, for ears, for a keyboard, and for who wants no motion."""

from __future__ import annotations

import json
import math
import re
import time
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.mosquitto import Mosquitto
from tests.mqtt.house import say
from tests.store.filling import BAND, Told, frame, new_store
from tests.web.page import PASSWORD, guarded, looking, served, until
from tests.web.sizes import letters
from tracker.clock import rfc3339
from tracker.mqtt.payloads import BandState

pytestmark = pytest.mark.asyncio(loop_scope="session")
expect.set_options(timeout=30_000)

# Minutes of arc. ISO 9241-303: 16 at least, 20 to 22 preferred. A letter of 5 is the smallest that
# a healthy eye can name; signs are made twice as large.
PREFERRED, LEAST, SIGN = 20.0, 16.0, 10.0

FOCUSED = """() => {
  const here = document.activeElement;
  return here === document.body ? "" : here.ariaLabel ?? here.textContent;
}"""


async def all_is_well(port: int, **more: Any) -> None:
    state = BandState(worn=True, connected=True, battery=87, **more).to_json()
    words = {"bridge/state": b"online", f"band/{BAND}/availability": b"online"}
    for leaf, payload in {**words, f"band/{BAND}/state": state}.items():
        await say(port, f"stretchband/{leaf}", payload, retain=True)


async def breathe(port: int, *times: float) -> None:
    points = [[t, 70.0, math.sin(t), "exhale"] for t in times]
    await say(port, f"stretchband/band/{BAND}/live", json.dumps(points).encode())


def holding() -> dict[str, Any]:
    started_at = rfc3339(time.time() - 12.0)
    return {
        "holding": True,
        "stretch": "standing_quad",
        "side": "right",
        "started_at": started_at,
        "target_s": 30.0,
    }


def a_session(folder: Path) -> None:
    store = new_store(folder / "history.db")
    store.add(BAND, [frame(seq) for seq in range(200)], Told().session(100.0), None)
    store.close()


async def test_what_counts_is_large_enough_for_three_metres(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    a_session(tmp_path)
    await all_is_well(mosquitto.port, **holding())
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await breathe(mosquitto.port, 1.0, 1.1)
        await expect(page.locator("#phase")).to_have_text("exhale")
        for name, least in (
            ("seconds", PREFERRED),
            ("phase", LEAST),
            ("side", SIGN),
            ("what", SIGN),
        ):
            high_mm, arc = await letters(page, name)
            assert arc >= least, f"{name}: {high_mm:.1f} mm, {arc:.1f} minutes of arc"


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_to_mend_in_any_state(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser, dark: bool
) -> None:
    a_session(tmp_path)
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, dark=dark, read=False) as page,
    ):
        assert await violations(page) == []  # the cautions
        await page.keyboard.press("Enter")
        await expect(page.locator("#seconds")).to_have_text("no signal")
        assert await violations(page) == []
        await all_is_well(mosquitto.port, **holding())
        await breathe(mosquitto.port, 1.0, 1.1)
        await expect(page.locator("#phase")).to_have_text("exhale")
        assert await violations(page) == []
        await all_is_well(mosquitto.port)
        await expect(page.locator("#ring-box")).to_have_attribute("data-state", "resting")
        assert await violations(page) == []
        await page.get_by_role("link", name="History").click()
        await page.locator("#sessions button").first.click()
        await expect(page.locator("#session-chart canvas")).to_be_visible()
        assert await violations(page) == []
        await page.locator("#session-holds button").first.click()
        assert await violations(page) == []


async def test_an_empty_history_and_the_login_are_for_everybody_too(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    async with (
        guarded(tmp_path, mosquitto.port) as address,
        looking(chrome, address, read=False) as page,
    ):
        assert await violations(page) == []
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="I have read this").press("Enter")
        await page.get_by_role("link", name="History").press("Enter")
        await expect(
            page.get_by_role("heading", name="Your first hold will be here")
        ).to_be_visible()
        assert await violations(page) == []


async def test_ears_are_told_what_changed_and_not_each_second(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    await all_is_well(mosquitto.port)
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await expect(page.locator("#for-ears")).to_have_text("at rest")
        await page.evaluate(
            """() => {
              window.told = [];
              const ears = document.querySelectorAll("[aria-live], [role=status], [role=alert]");
              for (const ear of ears) new MutationObserver(() => told.push(ear.textContent))
                .observe(ear, { childList: true, characterData: true, subtree: true });
            }"""
        )
        await all_is_well(mosquitto.port, **holding())
        for second in range(1, 40):
            await breathe(mosquitto.port, *(second + tenth / 10 for tenth in range(10)))
        await expect(page.locator("#seconds")).to_have_text(re.compile(r"^[3-9]\d$"))
        await expect(page.locator("#why")).to_contain_text("as long as it is good")
        words = ["Quad, standing, right, holding", "Quad, standing, right, 30 seconds reached"]
        assert await page.evaluate("told") == words


async def test_everything_can_be_done_with_the_keyboard_alone(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    a_session(tmp_path)
    await all_is_well(mosquitto.port, **holding())
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, read=False) as page,
    ):

        async def tab_to(name: str) -> None:
            for _ in range(40):
                await page.keyboard.press("Tab")
                if name in await page.evaluate(FOCUSED):
                    return
            raise AssertionError(f"no way to {name}")

        await page.keyboard.press("Enter")  # the cautions
        await expect(page.locator("#what")).to_have_text("Quad, standing")
        await tab_to("That hurt")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("Heard …")
        await tab_to("History")
        await page.keyboard.press("Enter")
        await expect(page.locator("#sessions button")).to_be_visible()
        await tab_to("straightening")
        await page.keyboard.press("Enter")
        await expect(page.locator("#session-chart canvas")).to_be_visible()
        await tab_to("Correct Hamstring")
        await page.keyboard.press("Enter")
        await page.keyboard.type("Inner")  # the stretch has the focus
        await tab_to("Keep")
        await page.keyboard.press("Enter")
        await expect(page.locator("#session-holds li").first).to_contain_text("Inner thigh")
        await tab_to("Undo")
        await page.keyboard.press("Enter")
        await expect(page.locator("#session-holds li").first).not_to_contain_text("measured")


async def test_the_screen_stays_awake_in_a_hold_and_no_longer(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    await all_is_well(mosquitto.port, **holding())
    lock = """
      window.locks = [];
      const wakeLock = { request: async () => {
        const lock = new EventTarget();
        lock.release = () => { locks.push("let go"); lock.dispatchEvent(new Event("release")); };
        locks.push("kept awake");
        return lock;
      } };
      Object.defineProperty(navigator, "wakeLock", { value: wakeLock });
    """
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, first=lock) as page,
    ):
        await until(page, "locks.length === 1")
        await all_is_well(mosquitto.port)
        await until(page, "locks.length === 2")
        assert await page.evaluate("locks") == ["kept awake", "let go"]


async def test_nothing_moves_for_who_wants_no_motion(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        every = """[...document.querySelectorAll("*")].map(e => getComputedStyle(e))
          .filter(s => s.transitionDuration !== "0s" || s.animationName !== "none").length"""
        assert await page.evaluate(every) > 0
        await page.emulate_media(reduced_motion="reduce")
        assert await page.evaluate(every) == 0
