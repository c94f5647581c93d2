"""What happened: the facts that the detector states, and their one written form."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Side = Literal["left", "right"]
StrainKind = Literal["bounce", "force", "tremble"]
EndReason = Literal["released", "gap", "reboot", "pain", "command", "closed"]
DropReason = Literal["short", "rest", "lifeless"]
# RFC 3339 in UTC; the format is for schemas, nothing here checks it.
WallTime = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

# A stretch may also be a taught name, so the field is a string and these are its well-known values.
HAMSTRING = "hamstring"
INNER_THIGH = "inner_thigh"
PRONE_QUAD = "prone_quad"
STANDING_QUAD = "standing_quad"
OTHER = "other"


class Fact(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="event", rename=None, omit_defaults=False
):
    """What every event carries.

    event_id: deterministic: the same samples give the same id.
    band_id:  which band.
    t_s:      seconds on the band's clock of the sample that made the detector sure.
    at:       the same moment as RFC 3339 UTC, None where there is no wall clock.
    """

    event_id: str
    band_id: str
    t_s: float
    at: WallTime | None = None


class SessionStarted(Fact, frozen=True, kw_only=True, tag="session_started"):
    """The first straightening or hold after a long time without."""

    session_id: str


class SessionEnded(Fact, frozen=True, kw_only=True, tag="session_ended"):
    """No hold for a long time: `holds` holds of together `hold_s` seconds were done."""

    session_id: str
    holds: int
    hold_s: float


class Rep(Fact, frozen=True, kw_only=True, tag="rep"):
    """One breath-paced straightening before a hold: exhale to the top, inhale back."""

    start_s: float
    top_s: float
    end_s: float
    range_deg: float


class HoldStarted(Fact, frozen=True, kw_only=True, tag="hold_started"):
    """The leg came to rest in a stretch at `start_s`."""

    hold_id: str
    stretch: str
    side: Side | None
    start_s: float
    angle_deg: float | None


class Breath(Fact, frozen=True, kw_only=True, tag="breath"):
    """One micro-movement inside a hold: the exhale deepens it, the inhale eases it."""

    hold_id: str
    number: int
    exhale_start_s: float
    exhale_end_s: float
    end_s: float
    depth_deg: float


class LateBreath(Breath, frozen=True, kw_only=True, tag="late_breath"):
    """A breath that was not plain within a second of its end: for the history, not to act on."""


class TargetReached(Fact, frozen=True, kw_only=True, tag="target_reached"):
    """The hold has lasted `target_s` seconds."""

    hold_id: str
    target_s: float


class Strain(Fact, frozen=True, kw_only=True, tag="strain"):
    """The leg bounces (size in degrees), is forced (degrees a second) or trembles (mg)."""

    hold_id: str
    kind: StrainKind
    size: float


class HoldEnded(Fact, frozen=True, kw_only=True, tag="hold_ended"):
    """The leg left the stretch at `end_s`. What is not known is None, never guessed."""

    hold_id: str
    stretch: str
    side: Side | None
    start_s: float
    end_s: float
    duration_s: float
    angle_deg: float | None
    depth_gain_deg: float | None
    breaths: int
    breath_rate_bpm: float | None
    exhale_inhale_ratio: float | None
    steadiness_deg: float | None
    twist_deg: float | None
    reason: EndReason


class HoldDropped(Fact, frozen=True, kw_only=True, tag="hold_dropped"):
    """What was started as a hold was none: too short to count, the rest, or nobody's leg.

    reason: None in what an earlier version has stored.
    """

    hold_id: str
    reason: DropReason | None = None


class Gap(Fact, frozen=True, kw_only=True, tag="gap"):
    """Samples between `from_s` and `to_s` that the band no longer had."""

    from_s: float
    to_s: float


class Worn(Fact, frozen=True, kw_only=True, tag="worn"):
    """The band was put on a leg, or taken off it."""

    worn: bool


Event = (
    SessionStarted
    | SessionEnded
    | Rep
    | HoldStarted
    | Breath
    | LateBreath
    | TargetReached
    | Strain
    | HoldEnded
    | HoldDropped
    | Gap
    | Worn
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def to_json(event: Event) -> bytes:
    """The one written form, the same in `analyze --json`, SQLite and MQTT."""
    return _encoder.encode(event)


def from_json(text: bytes | str) -> Event:
    """Read `to_json` back. Raises msgspec.ValidationError on anything else."""
    return _decoder.decode(text)


def event_name(event: Event) -> str:
    """The event's kind as written: `hold_started`, `breath`, ..."""
    tag = type(event).__struct_config__.tag
    assert isinstance(tag, str)
    return tag
