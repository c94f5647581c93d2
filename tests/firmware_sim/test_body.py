"""The leg gives what the contract's table says, and its swing is that of a real lever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.body import GRAVITY, SHANK_M, THIGH_M, Body, Jolt
from firmware_sim.script import LEFT, RIGHT, Floats, Pose, Script, Track

STANDING = Pose(pitch=0.0)
BACK = Pose(pitch=90.0)
BELLY = Pose(pitch=90.0, roll=180.0)


def body(pose: Pose, until_s: float = 60.0, jolts: list[Jolt] | None = None) -> Body:
    return Body(Script.starting(pose), seed=5, until_s=until_s, jolts=jolts)


def felt(pose: Pose, side: float) -> Floats:
    force: Floats = body(replace(pose, side=side)).specific_force(np.array([1.0]))[0]
    return force


def sin(deg: float) -> float:
    return float(np.sin(np.radians(deg)))


def cos(deg: float) -> float:
    return float(np.cos(np.radians(deg)))


ROWS = {
    "standing": (STANDING, 0.0, 1.0, 0.0),
    "on the back": (BACK, 1.0, 0.0, 0.0),
    "on the back, toes out": (replace(BACK, rotation=20.0), cos(20), 0.0, -sin(20)),
    "on the belly": (BELLY, -1.0, 0.0, 0.0),
    "hamstring": (replace(BACK, hip_flexion=70.0), cos(70), -sin(70), 0.0),
    "inner_thigh": (
        replace(BACK, hip_flexion=75.0, fall_out=60.0),
        cos(75) * cos(60),
        -sin(75) * cos(60),
        -sin(60),
    ),
    "prone_quad": (replace(BELLY, knee=110.0), -cos(110), -sin(110), 0.0),
    "standing_quad": (replace(STANDING, knee=110.0), -sin(110), cos(110), 0.0),
}


@pytest.mark.parametrize("side", [RIGHT, LEFT])
@pytest.mark.parametrize("row", ROWS)
def test_a_still_leg_reads_what_the_table_of_the_contract_says(row: str, side: float) -> None:
    pose, x, y, z = ROWS[row]
    assert felt(pose, side) == pytest.approx([side * x, y, z], abs=1e-6)


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_a_band_turned_about_the_leg_and_tilted_feels_gravity_there(side: float) -> None:
    turned = felt(replace(BACK, turn=30.0), side)
    assert np.degrees(np.arccos(turned @ [side, 0.0, 0.0])) == pytest.approx(30.0)
    assert turned[1] == pytest.approx(0.0, abs=1e-6)
    tilted = felt(replace(STANDING, tilt=8.0), side)
    assert np.degrees(np.arccos(tilted[1])) == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("pose", "joint", "to_deg", "lever_m"),
    [
        (BACK, Pose(hip_flexion=70.0), 70.0, THIGH_M + SHANK_M),
        (STANDING, Pose(knee=110.0), -110.0, SHANK_M),
    ],
)
def test_a_swing_pulls_towards_its_joint_and_pushes_along_its_way(
    pose: Pose, joint: Pose, to_deg: float, lever_m: float
) -> None:
    script = Script.starting(pose)
    script.move(1.0, 1.8, joint)
    swinging = Body(script, seed=1, until_s=3.0)
    t_s = np.linspace(1.05, 1.75, 57)
    s, turn = (t_s - 1.0) / 0.8, np.radians(to_deg)  # forwards is positive
    speed = turn * 30 * s**2 * (1 - s) ** 2 / 0.8
    change = turn * 60 * s * (1 - s) * (1 - 2 * s) / 0.8**2
    besides_gravity = swinging.specific_force(t_s) - swinging.leg_up(t_s)
    assert besides_gravity[:, 0] == pytest.approx(lever_m * change / GRAVITY, abs=2e-4)
    assert besides_gravity[:, 1] == pytest.approx(lever_m * speed**2 / GRAVITY, abs=2e-4)
    assert np.abs(besides_gravity[:, 0]).max() > 0.3


def test_a_leg_held_up_sways_and_one_on_the_floor_does_not() -> None:
    t_s = np.arange(0.0, 300.0, 0.04)
    up = replace(BACK, hip_flexion=45.0)
    held = _tilt_deg(body(replace(up, effort=0.25), 320.0).specific_force(t_s))
    floor = _tilt_deg(body(replace(BACK, effort=0.02), 320.0).specific_force(t_s))
    assert 0.1 < held.std() < 0.4
    assert floor.std() < 0.03


def test_a_standing_body_sways_about_its_feet() -> None:
    t_s = np.arange(0.0, 300.0, 0.04)
    force = body(replace(STANDING, pelvis_z=0.88, sway=0.3), 320.0).specific_force(t_s)
    assert 0.1 < np.degrees(np.arcsin(force[:, 0])).std() < 0.5
    assert np.linalg.norm(force, axis=1) == pytest.approx(1.0, abs=2e-3)


def test_a_working_muscle_trembles_by_milli_g_between_3_and_12_hertz() -> None:
    t_s = np.arange(0.0, 60.0, 0.01)
    force = body(replace(BACK, hip_flexion=45.0, tremor=2.0)).specific_force(t_s)
    power = np.abs(np.fft.rfft(force - force.mean(axis=0), axis=0)) ** 2
    hz = np.fft.rfftfreq(len(t_s), 0.01)
    assert power[(hz > 3) & (hz < 12)].sum() / power.sum() > 0.95
    assert 2.0 < 1000 * np.sqrt(((force - force.mean(axis=0)) ** 2).sum(axis=1).mean()) < 30.0


def test_the_same_instant_feels_the_same_whatever_else_is_asked() -> None:
    pose = replace(BACK, hip_flexion=45.0, effort=0.3, tremor=2.0, loose=0.5)
    leg, t_s = body(pose, jolts=[Jolt(4.9, (1.0, 0.0, 0.0))]), np.arange(0.0, 10.0, 0.02)
    part, whole = leg.specific_force(t_s[250:300]), leg.specific_force(t_s)
    np.testing.assert_allclose(part, whole[250:300], atol=1e-9)


def test_a_knock_is_felt_at_its_time_and_fades() -> None:
    t_s = np.arange(0.0, 4.0, 0.005)
    knock = Jolt(2.0, (0.0, 1.5, 0.0))
    rung = body(STANDING, jolts=[knock]).specific_force(t_s) - [0.0, 1.0, 0.0]
    assert np.abs(rung[t_s <= 2.0]).max() < 1e-6
    assert 0.8 < np.abs(rung[(t_s > 2.0) & (t_s < 2.1), 1]).max() < 1.5
    assert np.abs(rung[t_s > 2.35]).max() < 0.01


def test_walking_swings_the_shank_and_ends_as_it_began() -> None:
    script = Script.starting(replace(STANDING, pelvis_z=0.88))
    script.move(1.0, 1.7, Pose(walk=1.0))
    script.move(7.0, 7.7, Pose(walk=0.0))
    t_s = np.arange(0.0, 9.0, 0.01)
    force = Body(script, seed=1, until_s=10.0).specific_force(t_s)
    size = np.linalg.norm(force, axis=1)
    walking = (t_s > 2.0) & (t_s < 7.0)
    assert 1.0 < np.median(size[walking]) < 1.6
    assert size[walking].max() < 4.0
    assert force[t_s > 7.75] == pytest.approx(force[t_s > 7.75] * 0 + [0.0, 1.0, 0.0], abs=1e-6)


def test_a_move_that_overlaps_another_is_refused() -> None:
    track = Track(0.0)
    track.move(1.0, 2.0, 5.0)
    with pytest.raises(ValueError, match=r"a move from 1\.5"):
        track.move(1.5, 3.0, 0.0)


def test_a_minimum_jerk_move_is_half_way_at_half_time() -> None:
    track = Track(10.0)
    track.move(1.0, 3.0, 20.0)
    assert track.at(np.array([0.0, 1.0, 2.0, 3.0, 9.0])) == pytest.approx([10, 10, 15, 20, 20])


def _tilt_deg(force: Floats) -> Floats:
    return np.asarray(np.degrees(np.arctan2(-force[:, 1], force[:, 0])), np.float64)
