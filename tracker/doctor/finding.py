"""One thing that was looked at, how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracker.plain import plain


class State(StrEnum):
    """warning: it works, but not as it should, or it is not known. wrong: it does not work."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """about: which part. says: how it is. step: what to do; None when there is nothing to do."""

    about: str
    state: State
    says: str
    step: str | None = None

    @property
    def sentence(self) -> str:
        """How it is, and what to do."""
        return plain(self.says if self.step is None else f"{self.says} -> {self.step}")

    @property
    def line(self) -> str:
        """As it is told: one line."""
        return plain(f"{self.state:8} {self.about:12} {self.sentence}")


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(about, State.OK, says)


def warning(about: str, says: str, step: str) -> Finding:
    """It works, but."""
    return Finding(about, State.WARNING, says, step)


def wrong(about: str, says: str, step: str) -> Finding:
    """It does not work."""
    return Finding(about, State.WRONG, says, step)


def told(about: str, sentence: str, otherwise: str) -> Finding:
    """An error's sentence, whose last part mostly is what to do; else do `otherwise`."""
    for mark in ("; ", ": "):
        says, found, step = sentence.rstrip(".").rpartition(mark)
        if found and len(step.split()) > 2:
            return wrong(about, says, step)
    return wrong(about, sentence.rstrip("."), otherwise)
