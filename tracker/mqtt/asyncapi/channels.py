"""Which messages are on which topic, in which direction, how kept and how sure?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from tracker.detect.events import Event
from tracker.mqtt.asyncapi.schemas import told
from tracker.mqtt.commands import (
    BuzzLevel,
    BuzzPattern,
    Forget,
    Note,
    NoteText,
    OwnName,
    Pain,
    SetSide,
    Teach,
)
from tracker.mqtt.payloads import (
    BandState,
    Health,
    Info,
    Leg,
    LivePoint,
    TaughtState,
    Today,
)
from tracker.mqtt.publisher import LATE_S

Nothing = Annotated[str, Meta(max_length=0)]
Presence = Literal["online", "offline"]


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of payload.

    kind: the type of its JSON, or of its text.
    """

    name: str
    kind: object
    summary: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic.

    suffix: what follows the base topic; `{band}` stands for a band's id.
    action: what the daemon does.
    answer: the channel on which a command is answered.
    """

    name: str
    suffix: str
    about: str
    messages: Sequence[Message]
    action: Literal["send", "receive"] = "send"
    qos: Literal[0, 1] = 1
    retain: bool = False
    answer: str | None = None


def channels() -> list[Channel]:
    """Every topic below the base topic."""
    return [*_bridge(), *_band(), *_commands()]


def _bridge() -> list[Channel]:
    online = Message("bridge_state", Presence, "Whether the daemon is there.", text=True)
    return [
        Channel(
            "bridge_state",
            "bridge/state",
            "The last will says `offline` when the daemon dies or its network does.",
            [online],
            retain=True,
        ),
        _kept("bridge_info", "bridge/info", "What runs, since when.", Info),
        _kept("bridge_health", "bridge/health", "Once a minute or so: how it does.", Health),
    ]


def _band() -> list[Channel]:
    reach = Message("availability", Presence, "Whether the band is in reach.", text=True)
    events = [_of_struct(_tag(kind), kind) for kind in get_args(Event)]
    return [
        Channel(
            "availability",
            "band/{band}/availability",
            "Whether the band is in reach, debounced.",
            [reach],
            retain=True,
        ),
        _kept(
            "state", "band/{band}/state", "The hold under way, the last hold, the band.", BandState
        ),
        _kept("today", "band/{band}/today", "The day's totals.", Today),
        _kept(
            "taught",
            "band/{band}/taught",
            "The postures that were taught, and how the last lesson goes.",
            TaughtState,
        ),
        Channel(
            "event",
            "band/{band}/event",
            "Events as they happen. `event` and `late` together carry every event at least once, "
            "in order for each band; a repeat has the same `event_id`.",
            events,
        ),
        Channel(
            "late",
            "band/{band}/late",
            f"Events whose `at` is more than {LATE_S:g} s before the moment they are sent, so that "
            "no automation fires hours late.",
            events,
        ),
        Channel(
            "live",
            "band/{band}/live",
            "Ten points a second for a page, dropped when the broker does not keep up.",
            [Message("live", list[LivePoint], "Points, the oldest first.")],
            qos=0,
        ),
    ]


def _commands() -> list[Channel]:
    side = Message("side", Leg, _about(SetSide).replace("null", "`auto`"), text=True)
    pain = Message("pain", Nothing, _about(Pain), text=True)
    buzz = "Buzz the leg: 0 none, 1 mild, 2 high, or a pattern."
    end = "The hold ends here, by the wearer's word."
    return [
        _command("side", side),
        _command("pain", pain, _of_struct("pain_note", Pain)),
        _command("buzz", Message("buzz", BuzzLevel | BuzzPattern, buzz)),
        _command("note", Message("note", NoteText, _about(Note), text=True)),
        _command("end", Message("end", Nothing, end, text=True)),
        _command("teach", _of_struct("teach", Teach), answer="taught"),
        _command("forget", Message("forget", OwnName, _about(Forget), text=True), answer="taught"),
    ]


def _kept(name: str, suffix: str, about: str, kind: type[msgspec.Struct]) -> Channel:
    return Channel(name, suffix, about, [_of_struct(name, kind)], retain=True)


def _command(name: str, *messages: Message, answer: str | None = None) -> Channel:
    about = f"{messages[0].summary} Ignored when retained."
    return Channel(
        f"set_{name}", f"band/{{band}}/set/{name}", about, messages, "receive", answer=answer
    )


def _of_struct(name: str, kind: type[msgspec.Struct]) -> Message:
    return Message(name, kind, _about(kind))


def _about(kind: type[msgspec.Struct]) -> str:
    return told(kind)[0]


def _tag(kind: type[msgspec.Struct]) -> str:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
