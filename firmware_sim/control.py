"""What can be said to simulated bands while they run: a line of JSON in, a line of JSON out.

    {"silent": true}                          the air: see `Air`
    {"refuse": true}   {"latency_s": 0.1}   {"interval_s": 0.05, "packets_per_interval": 1}
    {"drop_links": true}                      end every connection now
    {"weather": {"lose": 0.1, "double": 0.1, "spoil": 0.1, "garbage": 0.1}, "seed": 4}
    {"until_s": 34.5}                         the clocks stand there until a later moment is said
    {"speed": 200}                            they run so many times as fast as ours from here on
    {"sleep_s": 80000, "seed": 5, "total_s": 300}    bands that sleep have slept so long and move on
    {"button": true}                          pressed: for a minute another central may pair
    {"forget": true}                          the bonds are lost, as with a new flash
    {}                                        nothing; only the answer is wanted

A band on a dongle (`--transport`) has no air of its own to change.

The answer tells how things stand then: {"told": N, "now_s": ..., "frames": ..., "silent": ...,
"bonded": ...}, N the number of the line. A line that cannot be obeyed changes nothing and is
answered with "error".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from firmware_sim.air import Air
from firmware_sim.band import PlayedBand
from firmware_sim.faults import Weather
from firmware_sim.motion import Motion

Wait = Annotated[float, Meta(ge=0, le=10)]
NextMotion = Callable[[int, float | None], Motion]


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line; what it does not name stays as it is."""

    silent: bool | None = None
    refuse: bool | None = None
    drop_links: bool = False
    latency_s: Wait | None = None
    interval_s: Wait | None = None
    packets_per_interval: Annotated[int, Meta(ge=0, le=1000)] | None = None
    weather: Weather | None = None
    until_s: Annotated[float, Meta(ge=0)] | None = None
    speed: Annotated[float, Meta(gt=0, le=1000)] | None = None
    sleep_s: Annotated[float, Meta(gt=0, le=1e7)] | None = None
    seed: int = 1
    total_s: float | None = None
    button: bool = False
    forget: bool = False

    @property
    def of_the_air(self) -> bool:
        """Whether it is about more than the bands."""
        return self != Word(
            until_s=self.until_s,
            speed=self.speed,
            sleep_s=self.sleep_s,
            seed=self.seed,
            total_s=self.total_s,
            button=self.button,
            forget=self.forget,
        )


class Control:
    """Obeys lines.

    air: None where it is not ours. motion: the session that a band wakes up to, by seed and length.
    """

    def __init__(self, air: Air | None, bands: Sequence[PlayedBand], motion: NextMotion) -> None:
        self._air = air
        self._bands = bands
        self._motion = motion
        self._lines = 0

    def obey(self, line: bytes) -> dict[str, object]:
        """The answer to a line."""
        self._lines += 1
        try:
            word = msgspec.json.decode(line, type=Word)
            if self._air is None and word.of_the_air:
                raise ValueError("only an air of its own can be changed")
            self._wake(word)
        except (ValueError, msgspec.MsgspecError) as error:
            return {"told": self._lines, "error": str(error)}
        if self._air is not None:
            _change(self._air, word)
        self._touch(word)
        return {
            "told": self._lines,
            "now_s": max(band.clock_s for band in self._bands),
            "frames": sum(band.firmware.frames_made for band in self._bands),
            "silent": self._air is not None and self._air.silent,
            "bonded": all(band.gatt.bonds.bonded.owner is not None for band in self._bands),
        }

    def _wake(self, word: Word) -> None:
        if word.sleep_s is None:
            return
        if not all(band.ended.is_set() for band in self._bands):
            raise ValueError("sleep_s: the bands are awake; wait until they have ended")
        motions = [self._motion(word.seed + i, word.total_s) for i in range(len(self._bands))]
        for band, motion in zip(self._bands, motions, strict=True):
            band.wake(word.sleep_s, motion)

    def _touch(self, word: Word) -> None:
        for band in self._bands:
            if word.until_s is not None:
                band.run_until(word.until_s)
            if word.speed is not None:
                band.run_at(word.speed)
            if word.forget:
                band.gatt.bonds.forget()
            if word.button:
                band.gatt.press_button()


def _change(air: Air, word: Word) -> None:
    for name in ("refuse", "latency_s", "interval_s", "packets_per_interval"):
        value = getattr(word, name)
        if value is not None:
            setattr(air, name, value)
    if word.weather is not None:
        air.fault = None if word.weather.fair else word.weather.fault(word.seed)
    if word.drop_links:
        air.drop_links()
    if word.silent is not None:
        (air.silence if word.silent else air.restore)()
