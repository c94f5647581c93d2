"""What does Home Assistant see of a band? One device with its entities, triggers and buttons.

Device-based discovery: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload.
Nothing here ticks: a hold has `started_at` and a target, and the card counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from tracker.detect.events import Side
from tracker.mqtt.homeassistant.parts import (
    Component,
    band_part,
    button,
    event,
    history_part,
    select,
    trigger,
)
from tracker.mqtt.topics import BRIDGE_STATE, Topics

STRETCHES = ("hamstring", "inner_thigh", "prone_quad", "standing_quad")
SIDES: tuple[Side, ...] = ("left", "right")
# Measured to the hundredth; a card shows whole ones, the state keeps them.
SECONDS = {"device_class": "duration", "unit_of_measurement": "s", "suggested_display_precision": 0}
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Place:
    """Which band it is and where it is heard.

    instance_id: of this history on this host: two homes on one broker never share an id.
    taught:      stretches of the wearer's own, beside the four that everybody has.
    """

    topics: Topics
    instance_id: str
    band_id: str
    prefix: str = "homeassistant"
    taught: Sequence[str] = ()

    @property
    def unique(self) -> str:
        """The band's name among all homes."""
        return _UNFIT.sub("_", f"stretchband_{self.instance_id}_{self.band_id}")

    @property
    def topic(self) -> str:
        """Where its discovery stands, retained."""
        return f"{self.prefix}/device/{self.unique}/config"

    def at(self, leaf: str) -> str:
        """A topic of the band."""
        return self.topics.band(self.band_id, leaf)


def discovery(place: Place) -> dict[str, Any]:
    """The whole payload of one band, to be sent as JSON to `place.topic`."""
    components = dict(_components(place))
    for key, part in components.items():
        part["unique_id"] = f"{place.unique}_{key}"
    return {
        "device": {
            "identifiers": [place.unique],
            "name": f"Stretchband {place.band_id}",
            "manufacturer": "stretchband",
            "model": "Ankle band",
        },
        "origin": {"name": "stretchband", "sw_version": version("stretchband")},
        "availability": [
            {"topic": place.topics.at(BRIDGE_STATE)},
            {"topic": place.at("availability")},
        ],
        "availability_mode": "all",
        "components": components,
    }


def _components(place: Place) -> Iterator[tuple[str, Component]]:
    yield from _hold_under_way(place)
    yield from _band_itself(place)
    yield from _history(place)
    yield from _events(place)
    yield from _triggers(place)
    yield from _commands(place)


def _hold_under_way(place: Place) -> Iterator[tuple[str, Component]]:
    state = place.at("state")
    yield "holding", band_part("binary_sensor", "Holding", state, _on("holding"), icon="mdi:yoga")
    yield (
        "stretch",
        band_part(
            "sensor",
            "Stretch",
            state,
            # No list of options: a taught stretch that it lacked would be an error in its log.
            "{{ value_json.stretch or 'none' }}",
            icon="mdi:human-handsdown",
        ),
    )
    yield (
        "side",
        band_part(
            "sensor",
            "Side",
            state,
            "{{ value_json.side or ('unknown' if value_json.holding else 'none') }}",
            device_class="enum",
            options=[*SIDES, "unknown", "none"],
            icon="mdi:foot-print",
        ),
    )
    yield (
        "started_at",
        band_part("sensor", "Hold started", state, _value("started_at"), device_class="timestamp"),
    )
    yield (
        "target_s",
        band_part(
            "sensor",
            "Target",
            state,
            _value("target_s"),
            **SECONDS,
            icon="mdi:flag-checkered",
        ),
    )


def _band_itself(place: Place) -> Iterator[tuple[str, Component]]:
    state = place.at("state")
    yield "worn", band_part("binary_sensor", "Worn", state, _on("worn"), icon="mdi:shoe-print")
    yield (
        "battery",
        band_part(
            "sensor",
            "Battery",
            state,
            _value("battery"),
            device_class="battery",
            state_class="measurement",
            unit_of_measurement="%",
            entity_category="diagnostic",
        ),
    )
    yield (
        "signal",
        band_part(
            "sensor",
            "Signal",
            state,
            _value("rssi_dbm"),
            device_class="signal_strength",
            state_class="measurement",
            unit_of_measurement="dBm",
            entity_category="diagnostic",
        ),
    )
    yield (
        "connected",
        history_part(
            place.topics,
            "binary_sensor",
            "Connected",
            state,
            _on("connected"),
            device_class="connectivity",
            entity_category="diagnostic",
        ),
    )


def _history(place: Place) -> Iterator[tuple[str, Component]]:
    """What the log knows also while the band is out of reach."""
    state, today = place.at("state"), place.at("today")
    last = "(value_json.last_hold or {})"
    yield (
        "last_hold",
        history_part(
            place.topics,
            "sensor",
            "Last hold",
            state,
            f"{{{{ {last}.get('duration_s') }}}}",
            **SECONDS,
            state_class="measurement",
            json_attributes_topic=state,
            json_attributes_template=f"{{{{ {last} | tojson }}}}",
            icon="mdi:timer-outline",
        ),
    )
    yield (
        "breath_rate",
        history_part(
            place.topics,
            "sensor",
            "Breath rate",
            state,
            f"{{{{ {last}.get('breath_rate_bpm') }}}}",
            unit_of_measurement="breaths/min",
            suggested_display_precision=1,
            state_class="measurement",
            icon="mdi:lungs",
        ),
    )
    growing = {**SECONDS, "state_class": "total_increasing", "icon": "mdi:calendar-today"}
    yield (
        "today",
        history_part(place.topics, "sensor", "Today", today, _value("hold_s"), **growing),
    )
    for stretch in (*STRETCHES, *place.taught):
        for side in SIDES:
            name = f"{stretch.replace('_', ' ').capitalize()} {side} today"
            path = f"value_json.stretches.get('{stretch}', {{}}).get('{side}', {{}})"
            template = f"{{{{ {path}.get('hold_s', 0) }}}}"
            yield (
                f"today_{stretch}_{side}",
                history_part(place.topics, "sensor", name, today, template, **growing),
            )
    yield (
        "balance",
        history_part(
            place.topics,
            "sensor",
            "Left share today",
            today,
            "{{ None if value_json.balance is none else (100 * value_json.balance) | round }}",
            unit_of_measurement="%",
            state_class="measurement",
            icon="mdi:scale-balance",
        ),
    )
    yield (
        "streak",
        history_part(
            place.topics,
            "sensor",
            "Streak",
            today,
            _value("streak_days"),
            device_class="duration",
            unit_of_measurement="d",
            icon="mdi:calendar-check",
        ),
    )


def _events(place: Place) -> Iterator[tuple[str, Component]]:
    heard = place.at("event")
    holds = ["hold_started", "target_reached", "strain", "hold_ended", "hold_dropped"]
    yield "hold_event", event(place.topics, "Hold", heard, holds, "mdi:yoga")
    yield "breath_event", event(place.topics, "Breath", heard, ["breath"], "mdi:lungs")
    sessions = ["session_started", "rep", "session_ended"]
    yield "session_event", event(place.topics, "Session", heard, sessions, "mdi:calendar-clock")


def _triggers(place: Place) -> Iterator[tuple[str, Component]]:
    for subtype, kind in (
        ("hold", "hold_started"),
        ("hold", "target_reached"),
        ("hold", "hold_ended"),
        ("session", "session_ended"),
    ):
        yield f"trigger_{kind}", trigger(place.at("event"), kind, subtype)


def _commands(place: Place) -> Iterator[tuple[str, Component]]:
    yield "pain", button("That hurt", place.at("set/pain"), "{}", "mdi:hand-back-left-outline")
    yield "end", button("End hold", place.at("set/end"), "", "mdi:stop-circle-outline")
    yield "buzz", button("Buzz", place.at("set/buzz"), "1", "mdi:vibrate")
    yield (
        "leg",
        select("Leg", place.at("set/side"), place.at("state"), _value("leg"), ["auto", *SIDES]),
    )


def _value(key: str) -> str:
    """A value as it is; null is Home Assistant's word `None`: not known."""
    return f"{{{{ value_json.{key} }}}}"


def _on(key: str) -> str:
    value = f"value_json.{key}"
    return f"{{{{ None if {value} is none else 'ON' if {value} else 'OFF' }}}}"
