"""Which of the config's bands a command is about."""

from __future__ import annotations

from typing import Final

from tracker.config import BandConfig, Config
from tracker.errors import StretchbandError

NO_BANDS: Final = "names no [[bands]]; `stretchband scan` prints the address of one near by"


def wanted_band(config: Config, wanted: str | None, how: str) -> BandConfig:
    """The one of this id, or the only one there is.

    how: what to do where there are several. Raises StretchbandError.
    """
    bands = {band.id: band for band in config.bands}
    if not bands:
        raise StretchbandError(f"the config {NO_BANDS}")
    if wanted is None and len(bands) == 1:
        return config.bands[0]
    if wanted not in bands:
        asked = how if wanted is None else f"there is no band {wanted!r}"
        raise StretchbandError(f"{asked}; the config has {', '.join(bands)}")
    return bands[wanted]
