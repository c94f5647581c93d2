"""Which topic says what. The tree is public: names here are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracker.errors import StretchbandError

BRIDGE_STATE = "bridge/state"
BRIDGE_INFO = "bridge/info"
BRIDGE_HEALTH = "bridge/health"

ONLINE = b"online"
OFFLINE = b"offline"

# Safe in a topic, in a file name and in a Home Assistant id: one name everywhere.
_BAND_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_COMMAND = re.compile(r"[a-z_]{1,32}")
_UNFIT = re.compile(r"[+#\x00-\x1f\x7f]")
# The standard allows 65535 bytes; a base topic near that is a mistake.
_MAX_BASE = 200


class TopicError(StretchbandError):
    """A name that cannot stand in a topic."""


def is_band_id(text: str) -> bool:
    """Whether a band can have this name."""
    return _BAND_ID.fullmatch(text) is not None


def band_topic(band_id: str, leaf: str) -> str:
    """The part of a band's topic after the base: `band/<id>/<leaf>`.

    leaf: `availability`, `state`, `today`, `taught`, `event`, `late` or `live`.
    Raises TopicError for an id with `/`, `+`, `#` or anything else that could reach another topic.
    """
    if not is_band_id(band_id):
        raise TopicError(
            f"band id {band_id[:40]!r} cannot stand in a topic; "
            "allowed are 1 to 32 letters, digits, _ and -"
        )
    return f"band/{band_id}/{leaf}"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below one base topic (`B` in the documentation)."""

    base: str = "stretchband"

    def __post_init__(self) -> None:
        unfit = _UNFIT.search(self.base) or self.base.startswith(("/", "$"))
        if unfit or not 0 < len(self.base) <= _MAX_BASE:
            raise TopicError(
                f"base topic {self.base[:40]!r} is not allowed; "
                f"1 to {_MAX_BASE} characters without + and #, not beginning with / or $"
            )

    def at(self, suffix: str) -> str:
        """The whole topic. Raises TopicError for a wildcard or a control character."""
        if not suffix or _UNFIT.search(suffix):
            raise TopicError(f"{suffix[:40]!r} is no topic to publish on")
        return f"{self.base}/{suffix}"

    def band(self, band_id: str, leaf: str) -> str:
        """The whole topic of a band's `leaf`."""
        return self.at(band_topic(band_id, leaf))

    @property
    def commands(self) -> str:
        """The filter that hears every command."""
        return f"{self.base}/band/+/set/+"

    def command(self, topic: str) -> tuple[str, str] | None:
        """Band id and name of a command's topic; None when it is no command's topic."""
        prefix = f"{self.base}/band/"
        if not topic.startswith(prefix):
            return None
        band_id, _, rest = topic[len(prefix) :].partition("/")
        name = rest.removeprefix("set/")
        if name == rest or not is_band_id(band_id) or not _COMMAND.fullmatch(name):
            return None
        return band_id, name
