"""A scripted session is what it says it is: eight holds, both legs, in the time that was asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from firmware_sim.imu import Imu
from firmware_sim.motion import recording, scripted
from firmware_sim.routine import LEAST_SESSION_S, Routine
from firmware_sim.script import Floats
from firmware_sim.truth import Hold
from firmware_sim.write import main

STRETCHES = ("hamstring", "inner_thigh", "prone_quad", "standing_quad")
PERFECT = Imu(noise_ug=0.0, bits=16, range_g=16)


def tilt_rate(routine: Routine, start_s: float, end_s: float) -> Floats:
    up = routine.body.leg_up(np.arange(start_s, end_s, 0.01))
    return np.asarray(np.degrees(np.linalg.norm(np.diff(up, axis=0), axis=1)) / 0.01, np.float64)


@pytest.mark.parametrize("seed", range(4))
def test_every_stretch_is_held_on_one_leg_and_then_on_the_other(seed: int) -> None:
    holds = scripted(seed).truth.holds
    assert tuple(hold.stretch for hold in holds) == STRETCHES * 2
    first, other = holds[0].side, holds[-1].side
    assert {first, other} == {"left", "right"}
    assert [hold.side for hold in holds] == [first] * 4 + [other] * 4


@pytest.mark.parametrize("seed", range(4))
def test_a_session_at_ease_holds_for_half_a_minute_and_more(seed: int) -> None:
    truth = scripted(seed).truth
    assert all(30.0 <= hold.duration_s <= 48.0 for hold in truth.holds)
    assert all(3 <= len(hold.breaths) <= 8 for hold in truth.holds)
    assert 16 <= len(truth.reps) <= 24
    assert 600.0 < truth.duration_s < 900.0


@pytest.mark.parametrize("total_s", [LEAST_SESSION_S, 150.0, 180.0, 240.0, 300.0, 1440.0])
def test_a_session_takes_the_time_that_is_asked_for(total_s: float) -> None:
    motion = scripted(3, total_s, imu=PERFECT)
    holds = motion.truth.holds
    assert motion.duration_s == pytest.approx(total_s, abs=0.02)
    assert {(hold.stretch, hold.side) for hold in holds} == {
        (stretch, side) for stretch in STRETCHES for side in ("left", "right")
    }
    assert min(hold.duration_s for hold in holds) >= (5.8 if total_s < 240 else 9.0)
    assert total_s - 10.0 - 0.02 * total_s < holds[-1].end_s < total_s


def test_a_long_session_goes_through_both_legs_again() -> None:
    truth = scripted(2, 1440.0).truth
    assert len(truth.holds) == 16
    assert max(hold.duration_s for hold in truth.holds) < 60.0


@pytest.mark.parametrize("total_s", [0.0, -5.0, 100.0, float("nan"), float("inf")])
def test_a_time_that_no_session_fits_is_refused(total_s: float) -> None:
    with pytest.raises(ValueError, match="four stretches on both legs take at least 120 s"):
        scripted(0, total_s)


@pytest.mark.parametrize("total_s", [None, 200.0])
def test_holds_are_bounded_where_the_tilt_passes_five_degrees_a_second(
    total_s: float | None,
) -> None:
    routine = Routine.fitted(6, total_s)
    for hold in routine.truth_on(lambda leg_s: leg_s, 50.0).holds:
        assert tilt_rate(routine, hold.start_s + 0.02, hold.end_s - 0.02).max() < 5.0
        assert tilt_rate(routine, hold.start_s - 0.1, hold.start_s).min() > 5.0
        assert tilt_rate(routine, hold.end_s, hold.end_s + 0.1).min() > 5.0


def test_the_samples_lie_where_the_contract_puts_the_stretch() -> None:
    motion = scripted(8, imu=PERFECT)
    samples = motion.read(motion.duration_s + 1)
    for hold in motion.truth.holds:
        inside = (samples.t_s > hold.start_s) & (samples.t_s < hold.end_s)
        felt = samples.acc_g[inside].mean(axis=0)
        expected = _table(hold)
        off_deg = np.degrees(np.arccos(felt @ expected / np.linalg.norm(felt)))
        assert off_deg < 27.0, hold  # a band is never put on exactly: 25 degrees about the leg


def _table(hold: Hold) -> Floats:
    a, way = np.radians(hold.angle_deg), 1.0 if hold.side == "right" else -1.0
    rows = {
        "hamstring": (way * np.cos(a), -np.sin(a), 0.0),
        "inner_thigh": (0.25 * way * np.cos(a), -0.97 * np.cos(a), -np.sin(a)),
        "prone_quad": (-way * np.cos(a), -np.sin(a), 0.0),
        "standing_quad": (-way * np.sin(a), np.cos(a), 0.0),
    }
    return np.array(rows[hold.stretch])


def test_each_exhale_deepens_and_each_inhale_eases_by_less() -> None:
    routine = Routine.fitted(1)
    for hold in routine.truth_on(lambda leg_s: leg_s, 50.0).holds:
        assert hold.breaths[0].exhale_s > hold.start_s
        assert hold.breaths[-1].end_s < hold.end_s
        for breath in hold.breaths:
            turns = np.array([breath.exhale_s, breath.exhale_end_s, breath.end_s])
            before, top, after = routine.body.leg_up(turns)
            deepened = np.degrees(np.linalg.norm(top - before))
            assert deepened == pytest.approx(breath.depth, rel=0.25)  # fallen-out legs tilt less
            assert 0 < np.degrees(np.linalg.norm(top - after)) <= deepened
        assert 0.0 < hold.gain_deg < 5.0


def test_a_rep_is_a_swing_of_the_leg_that_is_slowest_at_its_ends() -> None:
    routine = Routine.fitted(4)
    for rep in routine.truth_on(lambda leg_s: leg_s, 50.0).reps:
        low, top = routine.body.leg_up(np.array([rep.start_s, rep.top_s]))
        assert 20.0 < np.degrees(np.arccos(low @ top)) < 80.0
        assert 2.9 < rep.top_s - rep.start_s < 6.1
        assert tilt_rate(routine, rep.top_s - 0.03, rep.top_s + 0.03).max() < 1.0


@pytest.mark.parametrize("seed", range(3))
def test_the_band_is_off_the_leg_between_the_two_legs(seed: int) -> None:
    motion = scripted(seed)
    (off,) = motion.truth.off_leg
    sides = [hold.side for hold in motion.truth.holds]
    ends = [hold.end_s for hold in motion.truth.holds]
    assert sides[3] != sides[4]
    assert ends[3] < off.start_s < off.end_s < motion.truth.holds[4].start_s
    samples = motion.read(motion.duration_s + 1)
    away = samples.acc_g[(samples.t_s > off.start_s) & (samples.t_s < off.end_s)]
    assert away.std(axis=0).min() > 0.2


def test_one_seed_is_one_session_however_it_is_read() -> None:
    at_once = scripted(5, 160.0).read(200.0)
    motion = scripted(5, 160.0)
    parts = [motion.read(until) for until in [0.0, 0.01, 0.5, 20.47, 20.48, 20.5, 99.9, 200.0]]
    assert np.array_equal(np.concatenate([part.acc_g for part in parts]), at_once.acc_g)
    assert np.array_equal(np.concatenate([part.t_s for part in parts]), at_once.t_s)
    assert motion.ended
    assert not np.array_equal(scripted(6, 160.0).read(200.0).acc_g, at_once.acc_g)


def test_the_truth_is_told_on_the_clock_of_the_band() -> None:
    exact = scripted(5, imu=Imu()).truth
    fast = scripted(5, imu=Imu(clock_ppm=1000.0)).truth
    assert fast.holds[-1].start_s == pytest.approx(1.001 * exact.holds[-1].start_s)
    assert fast.reps[-1].top_s == pytest.approx(1.001 * exact.reps[-1].top_s)


def test_the_command_writes_a_recording_and_its_truth(tmp_path: Path) -> None:
    out = tmp_path / "session.csv.gz"
    main(["--seed", "5", "--total-s", "160", str(out)])
    played, made = recording(out), scripted(5, 160.0)
    truth = json.loads((tmp_path / "session.json").read_text())
    assert played.rate_hz == pytest.approx(50.0)
    assert played.read(200.0).acc_g == pytest.approx(made.read(200.0).acc_g, abs=1e-5)
    assert [hold["start_s"] for hold in truth["holds"]] == [h.start_s for h in made.truth.holds]
    assert set(truth["holds"][0]["breaths"][0]) == {"exhale_s", "exhale_end_s", "end_s", "depth"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["out.csv"], "out.csv: the name must end in .csv.gz"),
        (["--total-s", "20", "out.csv.gz"], "a session of 20 s: four stretches"),
    ],
)
def test_the_command_refuses_what_it_cannot_write(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err
