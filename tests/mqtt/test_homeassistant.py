"""What Home Assistant is told of a band, held against its rules and with its template language."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

from tests.mosquitto import Mosquitto
from tests.mqtt.house import MemoryOutbox, running, say, status_of, subscriber
from tests.mqtt.test_payloads import ENDED, STARTED
from tracker.detect.events import to_json
from tracker.mqtt import commands, payloads, telling
from tracker.mqtt.homeassistant import Place, announcements, discovery
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import Topics

EXAMPLES = Path(__file__).parents[2] / "config" / "homeassistant"
BAND = Place(Topics(), "0123456789", "band1", taught=("splits",))

# What Home Assistant 2026.2.3 takes from each platform; `make deep-ha` asks the real one.
_COMMON = {"platform", "unique_id", "qos"}
_ENTITY = _COMMON | {"name", "icon", "entity_category", "availability", "availability_mode"}
_READS = _ENTITY | {"state_topic", "value_template"}
ALLOWED = {
    "binary_sensor": _READS | {"device_class"},
    "sensor": _READS
    | {
        "device_class",
        "state_class",
        "unit_of_measurement",
        "suggested_display_precision",
        "options",
        "json_attributes_topic",
        "json_attributes_template",
    },
    "event": _READS | {"event_types"},
    "button": _ENTITY | {"command_topic", "payload_press"},
    "select": _READS | {"command_topic", "options"},
    "device_automation": _COMMON
    | {"automation_type", "type", "subtype", "topic", "payload", "value_template"},
}
NEEDED = {
    "binary_sensor": {"state_topic"},
    "sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "button": {"command_topic"},
    "select": {"command_topic", "options"},
    "device_automation": {"automation_type", "type", "subtype", "topic"},
}


def parts(place: Place = BAND) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = discovery(place)["components"]
    return found


def rendered(template: str, payload: bytes) -> str:
    """As Home Assistant renders a value template: `value_json`, in Jinja2, without a blank edge."""
    language = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML
    return language.from_string(template).render(value_json=json.loads(payload)).strip()


@pytest.mark.parametrize("key", parts())
def test_a_component_has_only_keys_that_its_platform_takes(key: str) -> None:
    part = parts()[key]
    platform = part["platform"]
    assert part.keys() <= ALLOWED[platform]
    assert part.keys() >= NEEDED[platform] | {"unique_id"}
    assert part["qos"] == 1
    if "options" in part and platform == "sensor":
        assert part["device_class"] == "enum"
        assert "unit_of_measurement" not in part


def test_the_root_has_no_key_for_which_the_whole_payload_is_refused() -> None:
    told = discovery(BAND)
    assert told.keys() == {"device", "origin", "availability", "availability_mode", "components"}
    # No version: Home Assistant shows it as the band's firmware, and ours is the daemon's.
    assert told["device"].keys() == {"identifiers", "name", "manufacturer", "model"}
    assert BAND.topic == "homeassistant/device/stretchband_0123456789_band1/config"


def test_ids_are_stable_and_no_two_homes_share_one() -> None:
    def ids(place: Place) -> list[str]:
        return [part["unique_id"] for part in parts(place).values()]

    assert ids(BAND) == ids(BAND)
    assert len(set(ids(BAND))) == len(ids(BAND))
    elsewhere = Place(Topics(), "9876543210", "band1")
    assert not set(ids(BAND)) & set(ids(elsewhere))
    assert discovery(BAND)["device"]["identifiers"] != discovery(elsewhere)["device"]["identifiers"]


def test_triggers_of_a_device_are_told_apart() -> None:
    triggers = [p for p in parts().values() if p["platform"] == "device_automation"]
    kinds = [(t["type"], t["subtype"]) for t in triggers]
    assert sorted(kinds) == [
        ("hold_ended", "hold"),
        ("hold_started", "hold"),
        ("session_ended", "session"),
        ("target_reached", "hold"),
    ]
    assert rendered(triggers[0]["value_template"], to_json(STARTED)) == "hold_started"


def states(state: payloads.BandState) -> dict[str, str]:
    """Every entity of the `state` topic as Home Assistant would show it."""
    topic = BAND.at("state")
    return {
        key: rendered(part["value_template"], state.to_json())
        for key, part in parts().items()
        if part.get("state_topic") == topic
    }


def test_a_band_of_which_nothing_is_known_shows_nothing_made_up() -> None:
    assert states(payloads.BandState()) == {
        "holding": "OFF",
        "stretch": "none",
        "side": "none",
        "started_at": "None",
        "target_s": "None",
        "worn": "None",
        "battery": "None",
        "signal": "None",
        "connected": "OFF",
        "last_hold": "None",
        "breath_rate": "None",
        "leg": "auto",
    }


def test_a_hold_is_shown_with_its_beginning_and_its_target() -> None:
    state = payloads.BandState(worn=True, connected=True, battery=80, rssi_dbm=-60, leg="left")
    shown = states(telling.after(telling.after(state, ENDED, None), STARTED, 30.0))
    assert shown == {
        "holding": "ON",
        "stretch": "hamstring",
        "side": "left",
        "started_at": "2026-03-01T08:00:00.000Z",
        "target_s": "30.0",
        "worn": "ON",
        "battery": "80",
        "signal": "-60",
        "connected": "ON",
        "last_hold": str(ENDED.duration_s),
        "breath_rate": str(ENDED.breath_rate_bpm),
        "leg": "left",
    }
    unknown = msgspec.structs.replace(STARTED, side=None)
    assert states(telling.after(state, unknown, 30.0))["side"] == "unknown"


def test_the_attributes_of_the_last_hold_are_an_object_also_without_one() -> None:
    template = parts()["last_hold"]["json_attributes_template"]
    assert json.loads(rendered(template, payloads.BandState().to_json())) == {}
    state = telling.after(payloads.BandState(), ENDED, None)
    assert json.loads(rendered(template, state.to_json()))["stretch"] == ENDED.stretch


def test_today_counts_seconds_by_stretch_and_leg() -> None:
    topic = BAND.at("today")
    today = (
        b'{"date":"2026-03-01","holds":3,"hold_s":90.5,"left_s":60.5,"right_s":30.0,"balance":0.669,'
        b'"streak_days":4,"stretches":{"hamstring":{"left":{"holds":2,"hold_s":60.5},'
        b'"right":{"holds":0,"hold_s":0.0},"unknown":{"holds":0,"hold_s":0.0}},'
        b'"splits":{"left":{"holds":0,"hold_s":0.0},"right":{"holds":1,"hold_s":30.0},'
        b'"unknown":{"holds":0,"hold_s":0.0}}}}'
    )
    shown = {
        key: rendered(part["value_template"], today)
        for key, part in parts().items()
        if part.get("state_topic") == topic
    }
    assert shown.pop("today") == "90.5"
    assert shown.pop("balance") == "67.0"
    assert shown.pop("streak") == "4"
    assert shown.pop("today_hamstring_left") == "60.5"
    assert shown.pop("today_splits_right") == "30.0"
    assert {float(value) for value in shown.values()} == {0.0}
    assert len(shown) == 8


def test_an_event_goes_to_the_one_entity_that_takes_it() -> None:
    entities = [part for part in parts().values() if part["platform"] == "event"]
    for told, event in ((to_json(STARTED), "hold_started"), (to_json(ENDED), "hold_ended")):
        shown = [rendered(part["value_template"], told) for part in entities]
        assert [text for text in shown if text != ""] == [shown[0]]
        assert json.loads(shown[0])["event_type"] == event
        assert event in entities[0]["event_types"]
        assert json.loads(shown[0])["hold_id"] == STARTED.hold_id


def test_what_a_button_sends_is_a_command() -> None:
    for part in parts().values():
        if part["platform"] == "button":
            name = part["command_topic"].rpartition("/")[2]
            commands.parse(name, part["payload_press"].encode())
        elif part["platform"] == "select":
            for option in part["options"]:
                commands.parse("side", option.encode())


def test_what_is_gone_is_taken_back() -> None:
    before = dict(announcements([BAND, Place(Topics(), "0123456789", "band2")], {}))
    without = Place(Topics(), "0123456789", "band1")
    now = dict(announcements([without], before))
    assert now[Place(Topics(), "0123456789", "band2").topic] == b""
    told = json.loads(now[without.topic])["components"]
    assert told["today_splits_left"] == {"platform": "sensor"}
    # It is said again and again, whichever broker missed it, until the stretch is taught anew.
    assert dict(announcements([without], now)) == now
    assert json.loads(dict(announcements([BAND], now))[BAND.topic])["components"] == parts()
    assert dict(announcements([], now)) == dict.fromkeys(now, b"")


async def test_a_home_assistant_that_starts_is_told_everything_again(mosquitto: Mosquitto) -> None:
    publisher = Publisher(
        MqttSettings(port=mosquitto.port),
        MemoryOutbox(),
        bands=["band1"],
        birth="homeassistant/status",
    )
    publisher.set_retained_at("stretchband/found", b"{}")
    publisher.set_retained("band/band1/state", b"{}")
    async with subscriber(mosquitto.port) as house, running(publisher):
        await status_of(publisher, lambda s: s.connected)
        for times, word in ((1, b"offline"), (2, b"online"), (3, b"online")):
            await say(mosquitto.port, "homeassistant/status", word)
            await house.until(
                lambda: min(len(house.on("found")), len(house.on("band/band1/state"))) >= times  # noqa: B023 - waited for at once
            )
        assert len(house.on("found")) == 3
        assert publisher.status.refused == ()


def test_the_card_names_entities_that_there_are() -> None:
    card = (EXAMPLES / "card.yaml").read_text("utf-8")
    named = set(re.findall(r"\w+\.stretchband_band1_\w+", card))
    there = {
        f"{part['platform']}.stretchband_band1_{part['name'].lower().replace(' ', '_')}"
        for part in parts().values()
        if "name" in part
    }
    assert named
    assert named <= there
