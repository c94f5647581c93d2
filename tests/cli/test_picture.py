"""The live picture: what it shows of a hold, within 80 columns and 24 rows."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from tracker.cli.demo import in_one_line
from tracker.cli.picture import Picture, filled, wave_rows
from tracker.detect.events import (
    Breath,
    DropReason,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    TargetReached,
)
from tracker.mqtt.payloads import LivePoint

STARTED = HoldStarted(
    event_id="s", band_id="b", t_s=12.0, hold_id="h", stretch="inner_thigh", side="left",
    start_s=10.0, angle_deg=61.0,
)  # fmt: skip
BREATH = Breath(
    event_id="x", band_id="b", t_s=18.0, hold_id="h", number=1, exhale_start_s=11.0,
    exhale_end_s=14.0, end_s=17.0, depth_deg=1.1,
)  # fmt: skip
ENDED = HoldEnded(
    event_id="e", band_id="b", t_s=51.0, hold_id="h", stretch="inner_thigh", side="left",
    start_s=10.0, end_s=50.0, duration_s=40.0, angle_deg=62.0, depth_gain_deg=1.5, breaths=6,
    breath_rate_bpm=9.2, exhale_inhale_ratio=1.4, steadiness_deg=0.3, twist_deg=None,
    reason="released",
)  # fmt: skip


def drawn(picture: Picture) -> str:
    sink = io.StringIO()
    Console(file=sink, width=80, height=24, color_system=None).print(picture.render())
    return sink.getvalue()


def breathing(picture: Picture, until_s: float) -> None:
    t_s = 10.0
    while t_s < until_s:
        picture.feel(LivePoint(t_s, 61.0, math.sin(t_s), "exhale"))
        t_s += 0.1


def test_a_hold_is_shown_with_its_leg_its_seconds_and_its_breath() -> None:
    picture = Picture("a title", 30.0)
    picture.hear(STARTED)
    breathing(picture, 25.0)
    picture.hear(BREATH)
    shown = drawn(picture)
    for word in ("inner thigh", "left leg", "15 s", "of 30", "exhale", "1 breath ", "61°"):
        assert word in shown
    assert "█" in shown


def test_the_picture_fits_a_terminal_of_80_by_24_with_all_its_holds() -> None:
    picture = Picture("a title", 30.0)
    for _ in range(12):
        picture.hear(STARTED)
        picture.hear(ENDED)
    picture.hear(STARTED)
    breathing(picture, 60.0)
    lines = drawn(picture).splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)


def test_past_the_target_the_bar_is_full_and_the_seconds_go_on() -> None:
    picture = Picture("a title", 30.0)
    picture.hear(STARTED)
    picture.hear(TargetReached(event_id="t", band_id="b", t_s=40.0, hold_id="h", target_s=30.0))
    breathing(picture, 47.0)
    assert "37 s  ✓ 30" in drawn(picture)
    picture.hear(ENDED)
    assert "40 s ✓" in drawn(picture)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("short", "too short to count"),
        ("rest", "that was the rest, no hold"),
        ("lifeless", "nobody's leg is in the band"),
        (None, "no hold after all"),
    ],
)
def test_a_dropped_hold_is_not_listed_and_told_why(reason: DropReason | None, said: str) -> None:
    picture = Picture("a title", 30.0)
    picture.hear(STARTED)
    dropped = HoldDropped(event_id="d", band_id="b", t_s=14.0, hold_id="h", reason=reason)
    picture.hear(dropped)
    assert said in drawn(picture)
    assert in_one_line(dropped) == f"       {said}"
    assert not picture.holds


def test_a_band_that_is_away_is_said_to_be() -> None:
    picture = Picture("a title", 30.0)
    assert "no signal" in drawn(picture)
    picture.connected, picture.battery = True, 80
    assert "band 80 %" in drawn(picture)


def test_a_bar_fills_by_eighths_of_a_cell() -> None:
    assert filled(0.0, 4, "red").plain == "····"
    assert filled(0.28125, 4, "red").plain == "█▏··"
    assert filled(1.0, 4, "red").plain == "████"


def test_a_wave_keeps_its_breath_visible_beside_an_outlier() -> None:
    values = [math.sin(i / 3) for i in range(40)]
    calm = wave_rows(values, 40, 3)
    shaken = wave_rows([*values[:-1], 30.0], 40, 3)
    assert sum(a != b for a, b in zip("".join(calm), "".join(shaken), strict=True)) < 30
