"""The figures that the detector must keep on recordings with their truth (docs/detection.md)."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean

import pytest

from tests.detect.figures.score import Figures, detect, measure
from tracker.detect.events import HoldStarted, Worn
from tracker.detect.session import Settings

DEFAULT = Settings()
RECORDINGS = Path(__file__).parent / "recordings"


def figures(name: str, choice: Settings = DEFAULT) -> Figures:
    return measure(sorted(RECORDINGS.glob(f"{name}.csv.gz")), choice)


@pytest.mark.parametrize(
    ("name", "bound_s"), [("clean-0", 0.2), ("short-0", 0.2), ("rough-0", 0.3)]
)
def test_holds_are_found_named_and_dated(name: str, bound_s: float) -> None:
    found = figures(name)
    assert (found.f1, found.named, found.hit) == (1.0, 6, 6)
    assert mean(map(abs, found.start)) <= bound_s
    assert mean(map(abs, found.end)) <= bound_s
    assert found.reps_found == found.reps_true


@pytest.mark.parametrize(("name", "rate"), [("clean-0", 0.3), ("rough-0", 0.5)])
def test_breaths_are_counted_and_timed(name: str, rate: float) -> None:
    found = figures(name)
    assert mean(map(abs, found.count)) <= 0.5
    assert mean(map(abs, found.rate)) <= rate
    assert len(found.rate) >= 0.9 * found.rated
    assert mean(map(abs, found.gain)) <= 0.5


@pytest.mark.parametrize(("name", "share"), [("clean-0", 0.95), ("short-0", 1.0), ("rough-0", 0.9)])
def test_nearly_every_breath_has_an_event_of_its_own(name: str, share: float) -> None:
    found = figures(name)
    assert found.told >= share * found.breaths
    assert max(found.breath_late) <= 1.0 < min(found.late_breath_late, default=math.inf)
    assert len(found.breath_late) >= 0.6 * found.told


@pytest.mark.parametrize("name", ["evening-0", "off_body-0"])
def test_nothing_is_held_where_nobody_stretches(name: str) -> None:
    events = detect(RECORDINGS / f"{name}.csv.gz", Settings())
    assert not any(isinstance(event, HoldStarted) for event in events)


def test_a_band_that_lies_about_is_not_worn() -> None:
    events = detect(RECORDINGS / "off_body-0.csv.gz", Settings())
    worn = [event for event in events if isinstance(event, Worn)]
    assert not worn[-1].worn


def test_paced_breathing_keeps_its_pace() -> None:
    found = figures("breath-*", Settings(as_hold=True))
    assert len(found.rate) == 2
    assert mean(map(abs, found.rate)) <= 0.3
