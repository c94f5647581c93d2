"""What the benchmark measures with has to be right before its figures mean anything."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.detect.figures import bench
from tests.detect.figures.anchors import anchors
from tests.detect.figures.evenings import false_holds, told
from tests.detect.figures.rests import best_choice, best_rest, cut, found
from tests.detect.figures.score import Figures, add, together
from tests.detect.figures.sets import COMMITTED, OURS
from tests.detect.generated import (
    CONDITIONS,
    Condition,
    evening,
    jittering,
    losing_blocks,
    session,
    with_holes,
    worn_badly,
)
from tests.detect.leg import SESSION, samples
from tracker.detect.events import HoldEnded, Rep
from tracker.detect.samples import Block
from tracker.detect.session import Session

BLOCK = samples(SESSION, breath_deg=1.5)


def dice() -> np.random.Generator:
    return np.random.default_rng(4)


def test_every_recording_in_the_repository_is_measured() -> None:
    measured = {file for kind in OURS for file in kind.files(COMMITTED)}
    assert measured == set(COMMITTED.glob("*.csv.gz"))


def test_a_jittering_clock_still_rises_and_loses_one_in_fifty() -> None:
    spoiled = jittering(BLOCK, dice())
    assert (np.diff(spoiled.t_s) > 0.0).all()
    assert len(spoiled) == pytest.approx(0.98 * len(BLOCK), rel=0.01)
    assert np.diff(spoiled.t_s).std() > 0.002


def test_holes_are_there_and_none_is_a_gap() -> None:
    spoiled = with_holes(BLOCK, dice())
    steps = np.diff(spoiled.t_s)
    assert 2 <= int((steps > 0.25).sum()) <= 6
    assert steps.max() < 0.4


def test_lost_blocks_are_there_and_are_gaps() -> None:
    steps = np.diff(losing_blocks(BLOCK, dice()).t_s)
    lost = steps[steps > 0.1]
    assert len(lost) >= 1
    assert (lost > 0.5).all()


def test_a_badly_worn_band_feels_the_same_force_in_another_direction() -> None:
    standing_and_lying = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    after = worn_badly(Block(np.array([0.0, 1.0]), standing_and_lying), dice()).acc_g
    assert np.linalg.norm(after, axis=1) == pytest.approx([1.0, 1.0])
    turned = np.degrees(np.arccos((standing_and_lying * after).sum(axis=1)))
    assert turned == pytest.approx([4.0, 15.0])


@pytest.mark.parametrize("condition", CONDITIONS, ids=[c.name for c in CONDITIONS])
def test_a_condition_is_what_its_name_says(condition: Condition) -> None:
    block, truth = session(0, condition)
    assert len(block) / (block.t_s[-1] - block.t_s[0]) == pytest.approx(condition.rate_hz, rel=0.06)
    assert len(truth["holds"]) == 8
    if worn_badly in condition.spoil or jittering in condition.spoil:
        return
    step_g = condition.range_g / 2 ** (condition.bits - 1)
    counts = block.acc_g / step_g
    assert np.abs(counts - np.rint(counts)).max() < 1e-6


def test_a_perfect_detector_has_perfect_figures_and_what_is_wrong_is_named() -> None:
    _, truth = session(0, CONDITIONS[0])
    holds = [
        HoldEnded(
            event_id="", band_id="", t_s=0.0, hold_id=f"h{n}", stretch=hold["stretch"],
            side=hold["side"], start_s=hold["start_s"], end_s=hold["end_s"],
            duration_s=hold["duration_s"], angle_deg=None, depth_gain_deg=hold["gain_deg"],
            breaths=len(hold["breaths"]), breath_rate_bpm=None, exhale_inhale_ratio=None,
            steadiness_deg=None, twist_deg=None, reason="released",
        )
        for n, hold in enumerate(truth["holds"])
    ]  # fmt: skip
    reps = [Rep(event_id="", band_id="", t_s=0.0, range_deg=50.0, **rep) for rep in truth["reps"]]
    perfect = Figures()
    add(perfect, truth, [*reps, *holds], "seed 0")
    assert (perfect.f1, perfect.named, perfect.wrong) == (1.0, 8, [])
    assert not any([*perfect.start, *perfect.end, *perfect.count, *perfect.gain])
    assert perfect.reps_found == perfect.reps_true > 0

    spoiled = Figures()
    add(spoiled, truth, [*holds[2:], holds[2]], "seed 0")
    assert spoiled.hit == 6
    assert sum("missed" in line for line in spoiled.wrong) == 2
    assert sum("none was held" in line for line in spoiled.wrong) == 1
    both = together([perfect, spoiled])
    assert (both.files, both.true, both.hit) == (2, 16, 14)


def test_figures_stand_beside_the_anchors_and_what_was_not_measured_is_a_dash() -> None:
    block, truth = session(0, CONDITIONS[0])
    figures, detector = Figures(), Session("band")
    add(figures, truth, detector.receive(block) + detector.close(), "seed 0")
    rows = anchors({"clean": figures}, figures)
    assert asdict(figures)["true"] == 8
    assert any("BioWatch" in line and "/min at coverage" in line for line in rows)
    assert any("zigzag" in line and line.endswith("| – |") for line in rows)


def test_an_evening_is_an_hour_of_many_postures_and_no_two_are_alike() -> None:
    one, two = evening(0), evening(1)
    assert one.t_s[-1] == pytest.approx(3600.0, rel=0.2)
    assert (np.diff(one.t_s) > 0.0).all()
    assert (one.acc_g[:, 1] > 0.9).mean() < 0.9
    assert len({tuple(up) for up in np.rint(2.0 * one.acc_g[::250]).tolist()}) >= 8
    assert not np.array_equal(one.acc_g[:1000], two.acc_g[:1000])


def test_the_benchmark_runs_to_its_end_and_prints_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "CONDITIONS", CONDITIONS[:1])
    asked = ["--seeds", "1", "--evenings", "1", "--recordings", str(tmp_path / "no")]
    monkeypatch.setattr("sys.argv", ["bench", *asked])
    bench.main()
    printed = capsys.readouterr().out
    titles = re.findall(r"^## (.*)$", printed, re.MULTILINE)
    assert titles[0] == "Recordings in the repository"
    assert titles[-3:] == ["Beside the anchors", "Side by side", "What went wrong"]
    assert "Further recordings" not in titles
    for name in (
        "clean (1)",
        "50 Hz, 16 bit, ±8 g (1)",
        "evenings without stretching",
        "hold_ended",
    ):
        assert name in printed
    for rows in re.findall(r"(?:^\|.*\n)+", printed, re.MULTILINE):
        assert len({row.count("|") for row in rows.splitlines()}) == 1


def test_an_evening_without_a_stretch_tells_none_and_a_session_would() -> None:
    assert false_holds(0) == []
    assert [hold.stretch for hold in told(BLOCK)] == ["hamstring"]


def test_what_the_choice_of_the_rest_costs_is_measured_on_what_was_kept() -> None:
    block = samples(SESSION)
    truth: dict[str, Any] = {
        "duration_s": float(block.t_s[-1]),
        "holds": [{"start_s": 21.5, "end_s": 45.5}, {"start_s": 2.0, "end_s": 3.0}],
        "reps": [],
    }
    assert best_choice([(block, truth)]) == pytest.approx(2 / 3)
    # Away from lying on the back there are standing and the hold, and one of two true ones.
    assert best_rest([(block, truth)]) == pytest.approx(2 / 4)
    shorter, left = cut(block, truth, 10.0)
    assert float(shorter.t_s[0]) >= 10.0
    assert [hold["start_s"] for hold in left["holds"]] == [21.5]
    assert found([(shorter, left)]).hit == 1
