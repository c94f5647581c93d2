"""The page in a real Chromium, as a person on the floor sees it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.daemon.parts import BAND
from tests.mosquitto import Mosquitto
from tests.mqtt.house import say, subscriber
from tests.store.filling import Told, frame, new_store, weeks_of_sessions
from tests.web.page import PASSWORD, PHONE, SCREEN, guarded, looking, served
from tracker.clock import rfc3339
from tracker.detect.events import to_json
from tracker.mqtt.payloads import BandState
from tracker.store import History, StoredCommand

WAIT_MS = 30_000

pytestmark = pytest.mark.asyncio(loop_scope="session")
expect.set_options(timeout=WAIT_MS)

Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def tell(mosquitto: Mosquitto) -> Tell:
    """What the daemon would say of its band, said by the test."""

    async def tell(leaf: str, payload: bytes | str, *, retain: bool = True) -> None:
        said = payload.encode() if isinstance(payload, str) else payload
        where = leaf if leaf.startswith("bridge/") else f"band/{BAND}/{leaf}"
        await say(mosquitto.port, f"stretchband/{where}", said, retain=retain)

    return tell


async def all_is_well(tell: Tell, **more: Any) -> None:
    await tell("bridge/state", "online")
    await tell("availability", "online")
    state = BandState(worn=True, connected=True, battery=87, **more)
    await tell("state", state.to_json())


def holding(since_s: float, target_s: float = 30.0) -> dict[str, Any]:
    return {
        "holding": True,
        "stretch": "hamstring",
        "side": "left",
        "started_at": rfc3339(time.time() - since_s),
        "target_s": target_s,
    }


async def seconds(page: Page) -> int:
    return int(await page.locator("#seconds").inner_text())


async def share(page: Page, which: str) -> float:
    dash = await page.locator(which).evaluate("e => e.style.strokeDasharray")
    return float(re.split("[ ,]", dash)[0])


async def test_a_hold_fills_the_ring_and_goes_into_a_second_lap(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await all_is_well(tell, **holding(12.0))
        ring = page.locator("#ring-box")
        await expect(ring).to_have_attribute("data-state", "holding")
        await expect(page.locator("#what")).to_have_text("Hamstring")
        await expect(page.locator("#side")).to_have_text("left")
        assert 11 <= await seconds(page) < 60
        assert 35.0 <= await share(page, "#ring-fill") <= 100.0
        await tell("live", json.dumps([[1.0, 70.0, 0.2, "exhale"], [1.1, 70.1, 0.3, "exhale"]]))
        await expect(page.locator("#phase")).to_have_text("exhale")
        await tell("live", json.dumps([[1.2, 70.0, 0.2, "inhale"]]))
        await expect(page.locator("#phase")).to_have_text("inhale")
        await all_is_well(tell, **holding(40.0))
        await expect(page.locator("#ring-lap")).to_have_attribute("data-on", "")
        assert await share(page, "#ring-fill") == 100.0
        await expect(page.locator("#why")).to_contain_text("as long as it is good")


async def test_every_way_to_have_no_signal_is_told_apart(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        big, why = page.locator("#seconds"), page.locator("#why")
        await expect(why).to_have_text("stretchband run is not running")
        await expect(big).to_have_text("no signal")
        await tell("bridge/state", "online")
        await expect(why).to_have_text("no band has been heard yet")
        await all_is_well(tell)
        await expect(big).to_have_text("ready")
        await expect(page.locator("#battery")).to_have_text("battery 87 %")
        await tell("availability", "offline")
        await expect(why).to_have_text("the band is out of reach")
        await tell("availability", "online")
        await tell("state", BandState(worn=False, connected=True).to_json())
        await expect(big).to_have_text("put the band on")
        mosquitto.kill()
        await expect(why).to_have_text("the broker cannot be reached")
        mosquitto.forget()
        mosquitto.start()
        await all_is_well(tell)
        await expect(big).to_have_text("ready")


async def test_it_hurts_is_heard_by_the_band(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with (
        subscriber(mosquitto.port) as house,
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address) as page,
    ):
        await all_is_well(tell, **holding(5.0))
        await expect(page.locator("#what")).to_have_text("Hamstring")
        await page.get_by_role("button", name="That hurt").click()
        await house.until(lambda: house.on(f"band/{BAND}/set/pain") == [b"{}"])
        await expect(page.locator("#said")).to_have_text("Heard …")
        await all_is_well(tell)
        await expect(page.locator("#said")).to_contain_text("Logged. The hold is over")
        mosquitto.kill()
        await expect(page.locator("#why")).to_have_text("the broker cannot be reached")
        await page.get_by_role("button", name="That hurt").click()
        await expect(page.locator("#said")).to_contain_text("Not heard")


async def test_who_hurts_scrolls_on_no_screen(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    """A phone whose browser keeps its bars, and one that lies on its side."""
    new_store(tmp_path / "history.db").close()
    await all_is_well(tell, **holding(5.0))
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, ViewportSize(width=390, height=480)) as page,
    ):
        hurt, said = page.get_by_role("button", name="That hurt"), page.locator("#said")
        for size in (ViewportSize(width=390, height=480), ViewportSize(width=740, height=360)):
            await page.set_viewport_size(size)
            assert await page.evaluate("document.body.scrollHeight > innerHeight")
            await expect(hurt).to_be_in_viewport(ratio=1)
            await hurt.click()
            await expect(said).to_contain_text("Heard")
            await expect(said).to_be_in_viewport(ratio=1)


async def test_what_no_daemon_hears_is_not_called_logged(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await all_is_well(tell, **holding(5.0))
        await expect(page.locator("#what")).to_have_text("Hamstring")
        await tell("bridge/state", "offline")
        await expect(page.locator("#why")).to_have_text("stretchband run is not running")
        await page.get_by_role("button", name="That hurt").click()
        await expect(page.locator("#said")).to_have_text(
            "Not heard: stretchband run is not running."
        )


async def test_seconds_are_those_of_the_band_however_late_or_fast_it_tells(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await all_is_well(tell, **holding(2.0))
        await expect(page.locator("#what")).to_have_text("Hamstring")
        started = to_json(Told().hold_started(500.0))
        await tell("event", started, retain=False)
        await tell("live", json.dumps([[525.5, 70.0, 0.2, "exhale"]]), retain=False)
        await expect(page.locator("#seconds")).to_have_text(re.compile("^2[56]$"))


async def test_a_band_that_falls_silent_in_a_hold_is_not_counted_on(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await all_is_well(tell, **holding(5.0))
        await tell("live", json.dumps([[10.0, 70.0, 0.2, "exhale"]]), retain=False)
        await expect(page.locator("#phase")).to_have_text("exhale")
        await expect(page.locator("#why")).to_have_text(re.compile(r"^nothing heard for \d+ s$"))
        assert await seconds(page) < 10
        await expect(page.locator("#phase")).to_be_empty()


async def test_after_one_leg_the_other_is_named(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        last = {"stretch": "hamstring", "side": "left", "duration_s": 41.0}
        last["ended_at"] = rfc3339(time.time() - 3.0)
        state = {**json.loads(BandState(worn=True, connected=True).to_json()), "last_hold": last}
        sides = {side: {"holds": 0, "hold_s": 0.0} for side in ("right", "unknown")}
        hamstring = {"left": {"holds": 1, "hold_s": 41.0}, **sides}
        today = {
            "hold_s": 41.0,
            "left_s": 41.0,
            "right_s": 0.0,
            "stretches": {"hamstring": hamstring},
        }
        await all_is_well(tell)
        await tell("today", json.dumps(today))
        await tell("state", json.dumps(state))
        await expect(page.locator("#side")).to_have_text("other leg")
        await expect(page.locator("#seconds")).to_have_text("right")
        await expect(page.locator(".pair.all .left b")).to_have_text("41 s")


async def test_cautions_are_shown_once_and_before_anything_else(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    new_store(tmp_path / "history.db").close()
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, PHONE, read=False) as page,
    ):
        cautions = page.get_by_role("dialog", name="Before you stretch")
        await expect(cautions).to_contain_text("herniated disc")
        await expect(cautions).to_contain_text("expert help")
        await expect(page.get_by_role("button", name="I have read this")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(cautions).to_be_hidden()
        await page.reload()
        await expect(page.locator("#why")).not_to_be_empty()
        await expect(cautions).to_be_hidden()


@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["360 px", "1920 px"])
async def test_nothing_is_cut_off_at_either_width(
    tmp_path: Path, mosquitto: Mosquitto, tell: Tell, chrome: Browser, size: Any
) -> None:
    store = new_store(tmp_path / "history.db")
    store.add("band1", [], list(weeks_of_sessions(30)), None)
    store.close()
    await all_is_well(tell, **holding(12.0))
    async with (
        served(tmp_path, mosquitto.port) as address,
        looking(chrome, address, size, dark=True) as page,
    ):
        await expect(page.locator("#phase")).to_be_attached()
        await expect(page.locator("#ring-box")).to_have_attribute("data-state", "holding")
        inside = "e => e.getBoundingClientRect().bottom <= innerHeight"
        assert await page.locator("#pain").evaluate(inside)
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("#sessions li").first).to_be_visible()
        overflow = "document.documentElement.scrollWidth - innerWidth"
        assert await page.evaluate(overflow) <= 0
        last_day = page.locator('#heat rect[fill="var(--fill)"]').last
        assert await last_day.evaluate("e => e.getBoundingClientRect().right <= innerWidth")


async def test_history_is_drawn_and_a_hold_can_be_corrected(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    store = new_store(tmp_path / "history.db")
    hurt = StoredCommand(1, 170.0, "pain", '{"note":"behind the knee"}')
    frames = [frame(seq) for seq in range(200)]
    store.add(BAND, frames, Told().session(100.0), None, commands=[hurt])
    store.close()
    async with served(tmp_path, mosquitto.port) as address, looking(chrome, address) as page:
        await page.get_by_role("link", name="History").click()
        await expect(page.locator("#heat rect")).to_have_count(365)
        await expect(page.locator("#sum")).to_have_text(
            re.compile(r"^2 holds, \d+ (s|min) in all$")
        )
        await expect(page.locator("#longest li").first).to_contain_text("Hamstring")
        await expect(page.locator("#sessions button").first).to_contain_text("it hurt")
        await page.locator("#sessions button").first.click()
        await expect(page.locator("#session-chart canvas")).to_be_visible()
        pain = page.locator("#session-pains li")
        await expect(pain).to_have_text("It hurt at 1:10behind the knee")
        first = page.locator("#session-holds li").first
        await first.get_by_role("button").click()
        await page.locator("#c-stretch").select_option("inner_thigh")
        await page.get_by_label("Note").fill("by the window")
        await page.get_by_role("button", name="Keep").click()
        await expect(first).to_contain_text("Inner thigh")
        await expect(first).to_contain_text("measured: Hamstring")
        await expect(first).to_contain_text("by the window")
        await first.get_by_role("button").click()
        await page.get_by_label("this was no hold").check()
        await page.get_by_role("button", name="Keep").click()
        await expect(page.locator("#sum")).to_have_text(re.compile("^1 hold,"))
    with History.open(tmp_path / "history.db") as history:
        assert history.row_counts()["holds"] == 2


async def test_the_page_asks_for_the_password(
    tmp_path: Path, mosquitto: Mosquitto, chrome: Browser
) -> None:
    async with (
        guarded(tmp_path, mosquitto.port) as address,
        looking(chrome, address, read=False) as page,
    ):
        await expect(page).to_have_url(re.compile("/login$"))
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("alert")).to_have_text("that is not the password")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#why")).to_have_text("stretchband run is not running")
