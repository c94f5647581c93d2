"""A real Home Assistant beside a real session: what it shows, and that it never complains.

`make deep-ha`; the first run installs Home Assistant 2026.2.3 in a chroot.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.parts import BAND, Part, band, daemon
from tests.daemon.test_teach import pigeons, teach
from tests.homeassistant.home import START_S, Home, Known, prepared
from tests.mosquitto import Mosquitto
from tests.mqtt.house import Subscriber, subscriber
from tracker.mqtt.homeassistant import Place, discovery
from tracker.mqtt.topics import Topics

pytestmark = pytest.mark.deep

RECORDING = Path(__file__).parents[1] / "detect" / "recordings" / "short-0.csv.gz"
STILL = RECORDING.with_name("off_body-0.csv.gz")
CARD = Path(__file__).parents[2] / "config" / "homeassistant" / "card.yaml"
SESSION_S = 300.0
NO_SECONDS = {"0", "0.0", "unknown", "unavailable"}
ABOUT = f"stretchband_{BAND}_"

# What each entity shows after the session: unit, device class, state class.
SHOWN: dict[str, tuple[str | None, str | None, str | None]] = {
    "binary_sensor.holding": (None, None, None),
    "binary_sensor.worn": (None, None, None),
    "binary_sensor.connected": (None, "connectivity", None),
    "sensor.stretch": (None, None, None),
    "sensor.side": (None, "enum", None),
    "sensor.hold_started": (None, "timestamp", None),
    "sensor.target": ("s", "duration", None),
    "sensor.last_hold": ("s", "duration", "measurement"),
    "sensor.breath_rate": ("breaths/min", None, "measurement"),
    "sensor.today": ("s", "duration", "total_increasing"),
    "sensor.left_share_today": ("%", None, "measurement"),
    "sensor.streak": ("d", "duration", None),
    "sensor.battery": ("%", "battery", "measurement"),
    "sensor.signal": ("dBm", "signal_strength", "measurement"),
    "event.hold": (None, None, None),
    "event.breath": (None, None, None),
    "event.session": (None, None, None),
    "button.that_hurt": (None, None, None),
    "button.end_hold": (None, None, None),
    "button.buzz": (None, None, None),
    "select.leg": (None, None, None),
} | {
    f"sensor.{stretch}_{side}_today": ("s", "duration", "total_increasing")
    for stretch in ("hamstring", "inner_thigh", "prone_quad", "standing_quad")
    for side in ("left", "right")
}
FROM_THE_LOG = {key for key in SHOWN if key.endswith("today") or key.startswith("event.")} | {
    "sensor.last_hold",
    "sensor.breath_rate",
    "sensor.streak",
    "binary_sensor.connected",
}


def entity(key: str) -> str:
    """`sensor.side` as Home Assistant calls it."""
    platform, _, name = key.partition(".")
    return f"{platform}.{ABOUT}{name}"


def states(known: Known) -> dict[str, str]:
    """Our entities and their states."""
    return {
        key: known["states"][entity(key)]["state"]
        for key in SHOWN
        if entity(key) in known["states"]
    }


def unavailable(known: Known) -> set[str]:
    return {key for key, state in states(known).items() if state == "unavailable"}


def all_there(known: Known) -> bool:
    return len(states(known)) == len(SHOWN) and not unavailable(known)


@asynccontextmanager
async def started(port: int) -> AsyncIterator[Home]:
    home = Home(await asyncio.to_thread(prepared), port)
    home.start()
    try:
        await home.until(lambda known: "light.lamp" in known["states"], START_S)
        yield home
    finally:
        await asyncio.to_thread(home.stop)


class Watch:
    """What the entities showed in the course of the session."""

    def __init__(self) -> None:
        self.seen: dict[str, list[str]] = {}

    async def look(self, home: Home) -> None:
        while True:
            known = home.known()
            shown = states(known)
            for extra in ("light.lamp", "input_boolean.chime"):
                if extra in known["states"]:
                    attributes = known["states"][extra]["attributes"]
                    shown[extra] = str(
                        attributes.get("brightness", known["states"][extra]["state"])
                    )
            for key, state in shown.items():
                course = self.seen.setdefault(key, [])
                if course[-1:] != [state]:
                    course.append(state)
            await asyncio.sleep(0.1)


def told(house: Subscriber, kind: str) -> list[dict[str, Any]]:
    events = [json.loads(payload) for payload in house.on(f"band/{BAND}/event")]
    return [event for event in events if event["event"] == kind]


async def test_it_has_every_icon_that_is_named(mosquitto: Mosquitto) -> None:
    """One that it lacks leaves a hole on the page of the device, and no word in its log."""
    async with started(mosquitto.port):
        pass  # its first start installs what it shows pages with
    root = await asyncio.to_thread(prepared)
    (listed,) = root.glob("ha/lib/python3*/site-packages/hass_frontend/static/mdi/iconList.json")
    known = {icon["name"] for icon in json.loads(listed.read_text("utf-8"))}
    told = json.dumps(discovery(Place(Topics(), "0123456789", BAND)))
    named = set(re.findall(r"mdi:([a-z0-9-]+)", told + CARD.read_text("utf-8")))
    assert named
    assert named <= known


async def test_a_session_in_a_real_home(tmp_path: Path, mosquitto: Mosquitto) -> None:
    options = ("--recording", str(RECORDING), "--start-on-connect", "--speed", "3")
    detector = "[detector]\ntarget_s = 8.0"
    async with started(mosquitto.port) as home, subscriber(mosquitto.port) as house:
        async with band(tmp_path, *options), daemon(tmp_path, mosquitto.port, detector) as running:
            await the_session_is_shown(home, house)
            await a_choice_is_heard_and_shown(mosquitto.port, home, house)
            running.send(signal.SIGKILL)
            await home.until(lambda known: unavailable(known) == set(SHOWN))
        bonds = tmp_path / "history.db.bonds"
        bonds.unlink()  # the next one is another band, with the same address
        played = ("--recording", str(pigeons(tmp_path)), "--start-on-connect", "--speed", "6")
        async with (
            band(tmp_path, *played, "--boot-id", "2"),
            daemon(tmp_path, mosquitto.port) as running,
        ):
            await home.until(all_there)
            await a_taught_stretch_comes_and_goes(tmp_path, home)
            assert await running.end() == 0, running.said
            await home.until(lambda known: unavailable(known) == set(SHOWN))
        bonds.unlink()
        still = ("--recording", str(STILL), "--boot-id", "3")
        async with (
            band(tmp_path, *still) as one,
            daemon(tmp_path, mosquitto.port, detector) as running,
        ):
            await home.until(all_there)
            before = told_of_log(home.known())
            await the_broker_restarts_empty(mosquitto, home, before)
            await home_assistant_restarts(home, before)
            await the_band_goes_and_comes(home, one)
            await the_daemon_ends(home, running)


async def the_session_is_shown(home: Home, house: Subscriber) -> None:
    watch = Watch()
    looking = asyncio.create_task(watch.look(home))
    await house.until(lambda: bool(told(house, "session_ended")), SESSION_S)
    last, day = told(house, "hold_ended")[-1], json.loads(house.on(f"band/{BAND}/today")[-1])
    known = await home.until(
        lambda k: (
            states(k).get("sensor.last_hold") == str(last["duration_s"])
            and states(k).get("sensor.today") == str(day["hold_s"])
        )
    )
    await asyncio.sleep(1.0)  # the last look
    looking.cancel()
    for key, expected in SHOWN.items():
        attributes = known["states"][entity(key)]["attributes"]
        names = ("unit_of_measurement", "device_class", "state_class")
        assert tuple(attributes.get(name) for name in names) == expected, key
    assert unavailable(known) == set()
    seen = watch.seen
    assert seen["binary_sensor.holding"].count("on") >= len(told(house, "hold_ended"))
    assert {h["stretch"] for h in told(house, "hold_ended")} <= set(seen["sensor.stretch"])
    assert {"left", "right", "none"} <= set(seen["sensor.side"])
    assert "8.0" in seen["sensor.target"]
    assert states(known)["binary_sensor.worn"] == "on"
    assert known["states"][entity("sensor.last_hold")]["attributes"]["hold_id"] == last["hold_id"]
    assert last_event(known, "event.hold") == "hold_ended"
    assert last_event(known, "event.breath") == "breath"
    # The blueprint: dimmed to 20 % while held, a chime, and the light as it was.
    assert "51" in seen["light.lamp"]
    assert seen["light.lamp"][-1] == "255"
    assert seen["input_boolean.chime"][-1] == "on"
    triggers = [t for t in known["triggers"] if t["domain"] == "mqtt"]
    assert {(t["type"], t["subtype"]) for t in triggers} == {
        ("hold_started", "hold"),
        ("target_reached", "hold"),
        ("hold_ended", "hold"),
        ("session_ended", "session"),
    }
    assert home.complaints() == []


async def a_choice_is_heard_and_shown(port: int, home: Home, house: Subscriber) -> None:
    for choice in ("left", "auto"):
        await home.press("select", "select_option", entity("select.leg"), option=choice)
        await home.until(lambda k: states(k)["select.leg"] == choice)  # noqa: B023 - waited for
    for key in ("button.buzz", "button.end_hold", "button.that_hurt"):
        await home.press("button", "press", entity(key))
    said = {
        f"set/{name}": payload for name, payload in (("buzz", b"1"), ("end", b""), ("pain", b"{}"))
    }
    await house.until(lambda: all(house.on(f"band/{BAND}/{name}") for name in said))
    for name, payload in said.items():
        assert house.on(f"band/{BAND}/{name}") == [payload]
    health = json.loads(house.on("bridge/health")[-1])
    assert health["commands_refused"] == {}


async def a_taught_stretch_comes_and_goes(folder: Path, home: Home) -> None:
    """Shown by its name, with its seconds of the day on each leg, until it is forgotten."""
    left, right = (entity(f"sensor.pigeon_{side}_today") for side in ("left", "right"))
    assert not {left, right} & home.known()["states"].keys()
    assert (await teach(folder, "pigeon", "--side", "left"))[0] == 0
    await home.until(lambda known: states(known)["sensor.stretch"] == "pigeon", SESSION_S)
    known = await home.until(
        lambda known: left in known["states"] and known["states"][left]["state"] not in NO_SECONDS
    )
    assert float(known["states"][right]["state"]) == 0.0
    for sensor in (left, right):
        attributes = known["states"][sensor]["attributes"]
        names = ("unit_of_measurement", "device_class", "state_class")
        assert tuple(attributes.get(n) for n in names) == SHOWN["sensor.today"]
    assert (await teach(folder, "--forget", "pigeon"))[0] == 0
    await home.until(lambda known: not {left, right} & known["states"].keys())
    assert home.complaints() == []


def last_event(known: Known, key: str) -> str | None:
    """The kind of the last event that an event entity took."""
    kind: str | None = known["states"][entity(key)]["attributes"]["event_type"]
    return kind


def told_of_log(known: Known) -> dict[str, str]:
    """What does not change as long as nobody stretches."""
    return {key: state for key, state in states(known).items() if key in FROM_THE_LOG}


async def the_broker_restarts_empty(broker: Mosquitto, home: Home, before: dict[str, str]) -> None:
    broker.kill()
    await home.until(lambda known: unavailable(known) == set(SHOWN))
    broker.forget()
    broker.start()
    known = await home.until(all_there)
    assert told_of_log(known) == before


async def home_assistant_restarts(home: Home, before: dict[str, str]) -> None:
    await asyncio.to_thread(home.stop)
    home.start()
    known = await home.until(all_there, START_S)
    assert (
        told_of_log(known).items()
        >= {key: state for key, state in before.items() if not key.startswith("event.")}.items()
    )


async def the_band_goes_and_comes(home: Home, one: Part) -> None:
    """Out of reach: what it would have to say is unknown, what the log knows stays."""
    one.send(signal.SIGUSR1)
    known = await home.until(lambda k: unavailable(k) == set(SHOWN) - FROM_THE_LOG)
    assert states(known)["binary_sensor.connected"] == "off"
    one.send(signal.SIGUSR2)
    known = await home.until(all_there)
    assert states(known)["binary_sensor.connected"] == "on"


async def the_daemon_ends(home: Home, running: Part) -> None:
    assert await running.end() == 0, running.said
    await home.until(lambda known: unavailable(known) == set(SHOWN))
    assert home.complaints() == []
