"""What the wearer may say to the band over MQTT, and everything else refused.

set/side   left | right | auto
set/pain   nothing, or {"note": "..."}
set/buzz   0 | 1 | 2, or {"pulses": n, "on_s": s, "off_s": s}
set/note   text
set/end    nothing
set/teach  {"name": "...", "side": "left" | "right" | null}
set/forget a name that was taught
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.detect.events import Side
from tracker.detect.posture.taught import BUILT_IN, NAME, TeachingError, check_name
from tracker.errors import NOT_JSON, StretchbandError
from tracker.mqtt.payloads import Leg
from tracker.mqtt.topics import Topics

MAX_NOTE = 500
# The longest command is a note of 500 characters; four bytes each, and JSON's quotes and escapes.
MAX_BYTES = 4096
# A hand at a dashboard presses twice a second at most; a loop in an automation is stopped by this.
BURST = 10
PER_S = 2.0

NoteText = Annotated[str, Meta(min_length=1, max_length=MAX_NOTE)]
BuzzLevel = Annotated[int, Meta(ge=0, le=2)]
# Held by `check_name`, which says it in a sentence; here for who reads the schema.
OwnName = Annotated[
    str, Meta(extra_json_schema={"pattern": f"^{NAME}$", "not": {"enum": list(BUILT_IN)}})
]


class SetSide(msgspec.Struct, frozen=True):
    """The leg is known to be `side`; None: tell it from gravity again."""

    side: Side | None


class Pain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It hurts: the hold ends here."""

    note: Annotated[str, Meta(max_length=MAX_NOTE)] | None = None


class Buzz(msgspec.Struct, frozen=True):
    """Immediate Alert: 0 none, 1 mild, 2 high."""

    level: BuzzLevel


class BuzzPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pulses` buzzes of `on_s` seconds, `off_s` apart: what the band's own pattern can carry."""

    pulses: Annotated[int, Meta(ge=1, le=255)]
    on_s: Annotated[float, Meta(gt=0, le=2.55)]
    off_s: Annotated[float, Meta(ge=0, le=2.55)]


class Note(msgspec.Struct, frozen=True):
    """Words to keep with the session."""

    text: NoteText


class End(msgspec.Struct, frozen=True):
    """The hold ends here, by the wearer's word."""


class Teach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Learn the next posture that is held for ten seconds, for one leg or for any."""

    name: OwnName
    side: Side | None = None


class Forget(msgspec.Struct, frozen=True):
    """What was taught under the name is known no more, on neither leg."""

    name: OwnName


Action = SetSide | Pain | Buzz | BuzzPattern | Note | End | Teach | Forget


class CommandError(StretchbandError):
    """A command that is not one, and what it may be."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a band is to do.

    name, payload: as received, to be kept and read again by `parse`.
    received_s:    host's unix time.
    """

    band_id: str
    name: str
    payload: bytes
    received_s: float
    action: Action


def parse(name: str, payload: bytes) -> Action:
    """The action of a command. Raises CommandError: one sentence, what is allowed."""
    read = READERS.get(name)
    if read is None:
        raise CommandError(f"there is no command {name!r}; there are {', '.join(READERS)}")
    if len(payload) > MAX_BYTES:
        raise CommandError(f"{name} with {len(payload)} bytes; at most {MAX_BYTES} are read")
    try:
        return read(payload)
    except TeachingError as error:
        raise CommandError(f"{name}: {error}") from None
    except NOT_JSON as error:
        # The error may quote what came in; a log line must stay a line.
        told = str(error).encode("unicode_escape").decode()[:120]
        raise CommandError(f"{name}: {told}; allowed: {_ALLOWED[name]}") from None


def _side(payload: bytes) -> SetSide:
    word = msgspec.convert(payload.decode(), Leg)
    return SetSide(None if word == "auto" else word)


def _pain(payload: bytes) -> Pain:
    return msgspec.json.decode(payload, type=Pain) if payload else Pain()


def _buzz(payload: bytes) -> Buzz | BuzzPattern:
    if payload.lstrip().startswith(b"{"):
        return msgspec.json.decode(payload, type=BuzzPattern)
    return msgspec.convert({"level": msgspec.json.decode(payload)}, Buzz)


def _note(payload: bytes) -> Note:
    return msgspec.convert({"text": payload.decode()}, Note)


def _end(payload: bytes) -> End:
    if payload:
        raise msgspec.ValidationError("has no payload")
    return End()


def _teach(payload: bytes) -> Teach:
    asked = msgspec.json.decode(payload, type=Teach)
    check_name(asked.name)
    return asked


def _forget(payload: bytes) -> Forget:
    return Forget(check_name(payload.decode()))


READERS: dict[str, Callable[[bytes], Action]] = {
    "side": _side,
    "pain": _pain,
    "buzz": _buzz,
    "note": _note,
    "end": _end,
    "teach": _teach,
    "forget": _forget,
}
_ALLOWED = {
    "side": "left, right, auto",
    "pain": 'nothing or {"note": text}',
    "buzz": '0, 1, 2 or {"pulses": 1-255, "on_s": up to 2.55, "off_s": up to 2.55}',
    "note": f"text of 1 to {MAX_NOTE} characters",
    "end": "nothing",
    "teach": '{"name": "splits", "side": "left" or "right" or null}',
    "forget": "a name that was taught",
}


@dataclass(slots=True)
class _Bucket:
    """Tokens for commands: BURST at once, PER_S a second from then on."""

    filled_s: float
    tokens: float = BURST
    complained: bool = False

    def take(self, now_s: float) -> bool:
        self.tokens = min(BURST, self.tokens + max(0.0, now_s - self.filled_s) * PER_S)
        self.filled_s = now_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        self.complained = False
        return True


@dataclass(slots=True)
class Gate:
    """Lets commands through that a band may obey; counts the others by reason in `refused`."""

    topics: Topics
    bands: Collection[str]
    refused: Counter[str] = field(default_factory=Counter)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def admit(
        self, topic: str, payload: bytes, *, retained: bool, received_s: float, now_s: float
    ) -> Command | str | None:
        """A command, a sentence to log about a refused one, or None when there is nothing to say.

        received_s is the wall time to note, now_s any clock that only goes forward.
        """
        found = self.topics.command(topic)
        if found is None:
            return None  # not asked for: a broker may send more than was subscribed to
        if retained:
            self.refused["retained"] += 1  # said in the past, to nobody
            return None
        band_id, name = found
        known = band_id in self.bands
        # Bands that are not ours share one bucket, so that made-up names cannot fill the memory.
        bucket = self._buckets.setdefault(band_id if known else "", _Bucket(now_s))
        if not bucket.take(now_s):
            return self._too_many(bucket, band_id)
        if not known:
            self.refused["unknown band"] += 1
            return f"command {name!r} refused: there is no band {band_id!r}"
        try:
            return Command(band_id, name, payload, received_s, parse(name, payload))
        except CommandError as error:
            self.refused["invalid"] += 1
            return f"command for band {band_id!r} refused: {error}"

    def _too_many(self, bucket: _Bucket, band_id: str) -> str | None:
        self.refused["too many"] += 1
        if bucket.complained:
            return None
        bucket.complained = True
        return (
            f"commands for band {band_id!r} refused: "
            f"more than {BURST} at once and {PER_S:g} a second"
        )
