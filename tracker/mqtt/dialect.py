"""Which MQTT to speak: 5 where the broker can, else 3.1.1.

A broker without MQTT 5 may refuse it in so many words, hang up, or wait for ever: amqtt reads a
CONNECT of MQTT 5 with a last will as a longer one of 3.1.1 and waits for the rest.

    5 --refused--> 3.1.1 for good
    5 --silent, never answered before--> 3.1.1 --connection lost, or silent too--> 5
"""

from __future__ import annotations

from aiomqtt import ProtocolVersion

from tracker.mqtt.connection import ANSWER_S, NoConnackError
from tracker.mqtt.faults import asks_for_older_protocol

# The first answer to MQTT 5 is not waited for longer, so that an older broker costs little time.
FIRST_ANSWER_S = 1.5


class Dialect:
    """What to try next, from what the broker did so far."""

    def __init__(self) -> None:
        self.version = ProtocolVersion.V5
        self._for_good = False
        self._spoke_5 = False

    @property
    def name(self) -> str:
        """As the standards are called."""
        return "5" if self.version is ProtocolVersion.V5 else "3.1.1"

    @property
    def answer_s(self) -> float:
        """How long to wait for the answer to CONNECT."""
        untried = self.version is ProtocolVersion.V5 and not self._spoke_5
        return FIRST_ANSWER_S if untried else ANSWER_S

    def answered(self) -> None:
        """The broker took the connection."""
        self._spoke_5 |= self.version is ProtocolVersion.V5

    def another(self, error: BaseException) -> bool:
        """A connection failed or ended so; True when there is another dialect to try at once."""
        if asks_for_older_protocol(error):
            return self.refused()
        if isinstance(error, NoConnackError):
            return self.silent()
        self.lost()
        return False

    def refused(self) -> bool:
        """The broker does not speak this; True when there is another to try at once."""
        older = self.version is ProtocolVersion.V5
        self.version, self._for_good = ProtocolVersion.V311, True
        return older

    def silent(self) -> bool:
        """The broker did not answer; True when there is another to try at once."""
        if self._spoke_5 or self._for_good:
            return False
        if self.version is ProtocolVersion.V5:
            self.version = ProtocolVersion.V311
            return True
        self.version = ProtocolVersion.V5
        return False

    def lost(self) -> None:
        """A connection ended: silence may have had another reason, so MQTT 5 gets its chance."""
        if not self._for_good:
            self.version = ProtocolVersion.V5
