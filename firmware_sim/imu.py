"""What the accelerometer makes of the motion: noise, bias, scale, steps, and a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RANGES_G: Final = (2, 4, 8, 16)
WARM_S: Final = 240.0


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples in order: t_s (n,) on the band's clock, acc_g (n, 3), band axes."""

    t_s: Floats
    acc_g: Floats

    def __len__(self) -> int:
        return len(self.t_s)


@dataclass(frozen=True, slots=True)
class Imu:
    """One accelerometer; the defaults are a faultless LSM6DSO-class part at +-8 g.

    noise_ug:   noise density in micro-g per root hertz (LSM6DSO 70 typical, BMI270 160).
    bias_g:     what each axis reads too much.
    scale:      what each axis multiplies by.
    drift_g:    what the bias gains as the skin warms the part, most of it in WARM_S.
    bits:       8 to 16 over the whole range; clips at the ends.
    clock_ppm:  how much faster than the leg's time the band's clock runs.

    Raises ValueError for a rate, range or width that no part of this kind has.
    """

    rate_hz: float = 50.0
    range_g: int = 8
    bits: int = 16
    noise_ug: float = 90.0
    bias_g: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    drift_g: tuple[float, float, float] = (0.0, 0.0, 0.0)
    clock_ppm: float = 0.0

    def __post_init__(self) -> None:
        if not 12.5 <= self.rate_hz <= 200.0:
            raise ValueError(f"rate {self.rate_hz} Hz: 12.5 to 200")
        if self.range_g not in RANGES_G:
            raise ValueError(f"range {self.range_g} g: one of {RANGES_G}")
        if not 8 <= self.bits <= 16:
            raise ValueError(f"{self.bits} bits: 8 to 16")

    @classmethod
    def part(cls, seed: int, rate_hz: float = 50.0) -> Imu:
        """One part off the reel.

        Standard deviations: bias 12 mg, scale 0.6 %, drift 3 mg (0.2 degrees), crystal 20 ppm.
        """
        rng = np.random.default_rng([seed, 2])
        return cls(
            rate_hz=rate_hz,
            bias_g=_each_axis(rng, 0.0, 0.012),
            scale=_each_axis(rng, 1.0, 0.006),
            drift_g=_each_axis(rng, 0.0, 0.003),
            clock_ppm=float(20.0 * rng.standard_normal()),
        )

    @property
    def step_g(self) -> float:
        """One count."""
        return float(self.range_g / 2 ** (self.bits - 1))

    def leg_time(self, band_s: Floats) -> Floats:
        """The leg's time at a reading of the band's clock."""
        return band_s / (1.0 + self.clock_ppm * 1e-6)

    def band_time(self, leg_s: float) -> float:
        """The reading of the band's clock at a time of the leg."""
        return leg_s * (1.0 + self.clock_ppm * 1e-6)

    def measure(self, t_s: Floats, force_g: Floats, rng: np.random.Generator) -> Floats:
        """Exact specific force at the times to what is read, both (n, 3) in g, whole counts."""
        noise_g = self.noise_ug * 1e-6 * np.sqrt(self.rate_hz / 2)
        bias_g = self.bias_g + (1.0 - np.exp(-t_s / WARM_S))[:, None] * self.drift_g
        felt = force_g * self.scale + bias_g + noise_g * rng.standard_normal(force_g.shape)
        top = 2 ** (self.bits - 1)
        counts = np.clip(np.round(felt / self.step_g), -top, top - 1)
        return np.asarray(counts * self.step_g, np.float64)


def _each_axis(
    rng: np.random.Generator, middle: float, deviation: float
) -> tuple[float, float, float]:
    x, y, z = middle + deviation * rng.standard_normal(3)
    return float(x), float(y), float(z)
