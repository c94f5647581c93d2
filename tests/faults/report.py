"""What a scenario found, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.undisturbed import Tally


@dataclass(frozen=True)
class Report:
    """One scenario: how many faults were tried and survived, and what became of the events.

    log: the database against the undisturbed log. heard: the house's messages against it.
    facts: what else was measured, by name.
    """

    name: str
    tried: int
    survived: int
    log: Tally | None = None
    heard: Tally | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """All survived; in the log each event once, in the house each at least once, in order."""
        return (
            self.survived == self.tried
            and (self.log is None or (self.log.whole and not self.log.doubled))
            and (self.heard is None or self.heard.whole)
        )

    def row(self) -> str:
        """A row of the page's table."""
        log = self.log or Tally()
        heard = self.heard
        told = f"{heard.found}, {heard.doubled} again" if heard is not None else "–"
        found = f"{log.found} / {log.expected}, {log.doubled} twice" if self.log else "–"
        more = "; ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"| {self.name} | {self.survived} / {self.tried} | {found} | {told} | {more} |"
