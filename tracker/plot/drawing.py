"""Which picture is asked for, can it be drawn here, and where does it go?"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tracker.detect.settings import Settings
from tracker.errors import StretchbandError, extra_missing
from tracker.export.destination import deliver
from tracker.plot.clock import moment_s
from tracker.plot.story import story
from tracker.plot.witness import Witness

_FORMS = ("png", "svg")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is asked for; from_s and to_s choose a part of the recording."""

    out: Path
    form: str
    from_s: float | None
    to_s: float | None

    @classmethod
    def wanted(cls, out: Path, from_: str | None, to: str | None) -> Drawing:
        """Raises StretchbandError when it could not be drawn, before anything is read."""
        form = out.suffix.lower().removeprefix(".")
        if form not in _FORMS:
            raise StretchbandError(f"--plot {out}: the name of a picture ends in .png or .svg")
        if find_spec("matplotlib") is None:
            raise extra_missing("--plot", "matplotlib", "plot")
        from_s = None if from_ is None else moment_s(from_, "--from")
        to_s = None if to is None else moment_s(to, "--to")
        return cls(out, form, from_s, to_s)

    def draw(self, title: str, witness: Witness, settings: Settings) -> None:
        """Write the picture, whole or not at all.

        Raises StretchbandError when there is nothing to draw, or when it cannot be written.
        """
        from tracker.plot.sheet import draw

        told = story(witness, settings)
        deliver([draw(told, title, self.form, self.from_s, self.to_s)], self.out)
