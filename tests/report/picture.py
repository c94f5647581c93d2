"""Draws docs/img/report.png: `python -m tests.report.picture`.

The first page of a month of made-up holds.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import numpy as np

from tests.store.filling import BAND, Told, new_store
from tracker.detect.events import Event, HoldEnded, Side
from tracker.report import month_of, page
from tracker.report.paper import png
from tracker.store import History

OUT = Path(__file__).parents[2] / "docs" / "img" / "report.png"
FIRST = date(2026, 11, 1)
MADE = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
EVENING = Told(offset_s=datetime(2026, 11, 1, 18, 0, tzinfo=UTC).timestamp())
ANGLES = {"hamstring": 64.0, "inner_thigh": 43.0, "prone_quad": 120.0, "standing_quad": 127.0}
WIDTH, HEIGHT = 1191, 1684  # A4 at 144 dots an inch


def evenings() -> Iterator[Event]:
    """Three evenings of four: the left leg a little longer, now and then a leg not known."""
    chance = np.random.default_rng(3)
    for day in range(30):
        if chance.random() < 0.25:
            continue
        begin_s = day * 86400.0 + float(chance.integers(0, 7200))
        for stretch in ANGLES:
            if stretch == "standing_quad" and chance.random() < 0.5:
                continue
            sides: tuple[Side, Side] = ("left", "right")
            for side in sides:
                known = side if chance.random() > 0.04 else None
                length_s = float(chance.normal(52 if side == "left" else 46, 9))
                yield from hold(chance, begin_s, length_s, stretch, known)
                begin_s += length_s + 25


def hold(
    chance: np.random.Generator, begin_s: float, length_s: float, stretch: str, side: Side | None
) -> Iterator[Event]:
    """One as it was told; the breath of one in ten is not known, and some are let go otherwise."""
    started, *rest = EVENING.hold(begin_s, round(length_s, 2), stretch, side)
    yield started
    if chance.random() < 0.05:
        yield EVENING.strain(begin_s)
    for event in rest:
        if not isinstance(event, HoldEnded):
            yield event
            continue
        yield msgspec.structs.replace(
            event,
            angle_deg=round(ANGLES[stretch] + float(chance.normal(0, 4)), 1),
            depth_gain_deg=round(float(chance.normal(3.0, 1.0)), 1),
            breath_rate_bpm=(
                round(float(chance.normal(6.7, 0.7)), 1) if chance.random() > 0.1 else None
            ),
            reason="pain" if chance.random() < 0.008 else "released",
        )


def main() -> None:
    """Write the file."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        store = new_store(Path(folder) / "history.db")
        store.add(BAND, [], list(evenings()), None)
        store.close()
        with History.open(store.path) as history:
            month = month_of(history, None, FIRST, MADE.date(), UTC)
    both = Image.open(io.BytesIO(png(page(month, MADE, "stretchband"))))
    first = both.crop((0, 0, WIDTH, HEIGHT))
    first.quantize(64).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
