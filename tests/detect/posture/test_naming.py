from __future__ import annotations

import numpy as np
import pytest

from tests.detect.leg import (
    BACK,
    BELLY,
    STANDING,
    Pose,
    bent_prone,
    bent_standing,
    fallen_out,
    raised,
    samples,
)
from tracker.detect.events import HoldEnded
from tracker.detect.posture.naming import Postures
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings

DEFAULT = Settings()
STAND, LIE = Pose(STANDING, 6.0), Pose(BACK, 8.0, move_s=6.0)
SIDE = (0.0, 0.05, -1.0)
ROLLED = Pose(BELLY, 8.0, move_s=0.8)
HAMSTRING = (STAND, LIE, Pose(raised(75), 12.0), Pose(BACK, 5.0))
INNER_THIGH = (STAND, LIE, Pose(raised(80), 0.3), Pose(fallen_out(60), 12.0), Pose(BACK, 5.0))
PRONE_QUAD = (STAND, LIE, Pose(SIDE, 0.1), ROLLED, Pose(bent_prone(125), 12.0), Pose(BELLY, 5.0))
STANDING_QUAD = (STAND, Pose(bent_standing(130), 12.0), STAND)
# Sitting up, the band in the hands or not.
ON_THE_WAY = (Pose((0.2, 0.7, 0.6), 0.2, 5.0), Pose((-0.3, 0.6, -0.7), 0.2, 6.0))


def named(block: Block, choice: Settings = DEFAULT) -> list[tuple[str, str | None, int]]:
    session = Session("band", settings=choice)
    events = session.receive(block) + session.close()
    return [
        (event.stretch, event.side, round(event.angle_deg or 0))
        for event in events
        if isinstance(event, HoldEnded)
    ]


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("turned", "tilted"), [(0, 0), (30, 8), (-30, -8), (20, -8), (-15, 8)])
@pytest.mark.parametrize(
    ("poses", "stretch", "angle"),
    [
        (HAMSTRING, "hamstring", 75),
        (INNER_THIGH, "inner_thigh", 60),
        (PRONE_QUAD, "prone_quad", 125),
        (STANDING_QUAD, "standing_quad", 130),
    ],
)
def test_a_stretch_is_named_on_either_leg_however_the_band_sits(
    poses: tuple[Pose, ...], stretch: str, angle: int, left: bool, turned: float, tilted: float
) -> None:
    (hold,) = named(samples(poses, left=left, turned_deg=turned, tilted_deg=tilted))
    assert hold[:2] == (stretch, "left" if left else "right")
    # Where the toes point is not known, so that some of a turn about the leg is left.
    assert abs(hold[2] - angle) <= (10 if stretch == "inner_thigh" else 15)


@pytest.mark.parametrize(
    "rest",
    [
        (0.7, 0.7, 0.0),  # on the back, knee up
        (0.97, 0.2, -0.1),  # on the sofa
        (0.85, -0.5, 0.0),  # feet on a cushion
        (0.0, 0.05, -1.0),  # on the side
        (0.0, 0.05, 1.0),  # on the other side
        (0.3, 0.3, 0.9),  # legs crossed
        (-0.95, 0.0, 0.1),  # rolled to the belly
    ],
)
def test_resting_is_no_hold(rest: tuple[float, float, float]) -> None:
    poses = (
        STAND,
        LIE,
        Pose(rest, 20.0, move_s=3.0),
        Pose(BACK, 6.0),
        Pose(rest, 20.0, move_s=2.0),
    )
    assert named(samples(poses)) == []


def test_sitting_down_and_lying_down_is_no_hold() -> None:
    poses = (STAND, Pose((0.05, 0.98, 0.1), 20.0), Pose((0.97, -0.15, -0.2), 30.0, move_s=4.0))
    assert named(samples(poses)) == []


def test_another_posture_counts_only_when_asked() -> None:
    poses = (STAND, Pose((0.0, 0.1, 1.0), 12.0), STAND)
    block = samples(poses)
    assert named(block) == []
    assert named(block, Settings(any_posture=True))[0][:2] == ("other", None)


def test_a_leg_that_is_known_decides_between_back_and_belly() -> None:
    poses = (Pose(BACK, 8.0), Pose(raised(95), 12.0), Pose(BACK, 5.0))
    assert named(samples(poses), Settings(side="left"))[0][:2] == ("prone_quad", "left")
    assert named(samples(poses), Settings(side="right"))[0][:2] == ("hamstring", "right")


def walk(seconds: float, *aside: float) -> list[Pose]:
    """The right leg swings once a second: 20 degrees with the ankle in front, 50 with it behind.

    aside: and so much across, one after the other.
    """
    across = np.resize(aside or [0.0], 2 * round(seconds))
    ways = ((0.34, 0.94), (-0.77, 0.64)) * round(seconds)
    return [Pose((x, y, z), 0.02, 0.48) for (x, y), z in zip(ways, across.tolist(), strict=True)]


ON_THE_BELLY = (Pose(BELLY, 8.0, move_s=4.0), Pose(bent_prone(90), 12.0), Pose(BELLY, 5.0))


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("turned", "tilted"), [(0, 0), (30, 8), (-30, -8)])
def test_a_leg_that_walked_is_known_by_the_way_its_knee_bends(
    left: bool, turned: float, tilted: float
) -> None:
    """A knee bent little on the belly looks like the other leg raised on the back."""
    side, other = ("left", "right") if left else ("right", "left")
    walked = (Pose(STANDING, 4.0), *walk(12.0), Pose(STANDING, 3.0), *ON_THE_BELLY)
    told = named(samples(walked, left=left, turned_deg=turned, tilted_deg=tilted))
    assert [hold[:2] for hold in told] == [("prone_quad", side)]
    stood = (Pose(STANDING, 19.0), *ON_THE_BELLY)
    assert [hold[:2] for hold in named(samples(stood, left=left))] == [("hamstring", other)]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(walk(12.0, 0.4, 0.4, -0.4, -0.4), id="it was swung all ways"),
        pytest.param(walk(12.0, 0.9, -0.9), id="it was swung aside"),
        pytest.param([*walk(12.0), *ON_THE_WAY * 2], id="it was in a hand after the walk"),
    ],
)
def test_a_band_that_was_in_a_hand_may_be_on_the_other_leg(between: list[Pose]) -> None:
    poses = (Pose(STANDING, 4.0), *between, Pose(STANDING, 3.0), *ON_THE_BELLY)
    assert [hold[:2] for hold in named(samples(poses))] == [("hamstring", "left")]


def test_a_hold_that_was_named_in_doubt_gives_way_to_one_that_is_plain() -> None:
    """On the belly first, which few are: that is taken for the back, and the next for the belly."""
    rolled = (Pose(SIDE, 0.1), Pose(BACK, 8.0, move_s=0.8))
    poses = (STAND, *ON_THE_BELLY, *rolled, Pose(raised(70), 12.0), Pose(BACK, 5.0))
    assert [hold[:2] for hold in named(samples(poses))] == [
        ("hamstring", "left"),
        ("hamstring", "right"),
    ]


def test_a_knee_of_the_leg_that_walked_need_not_bend_as_far_as_legs_on_an_armrest() -> None:
    walked = (Pose(STANDING, 4.0), *walk(12.0), Pose(STANDING, 3.0))
    poses = (*walked, Pose(bent_standing(108), 12.0), STAND)
    assert [hold[:2] for hold in named(samples(poses))] == [("standing_quad", "right")]
    armrest = (*walked, Pose((0.95, -0.31, 0.0), 60.0), STAND)
    assert named(samples(armrest)) == []


def test_a_pause_with_the_knee_bent_level_is_not_lying_down() -> None:
    low, top = bent_standing(97), bent_standing(125)
    up_and_down = (Pose(top, 0.3, 3.0), Pose(low, 3.5, 2.5)) * 2
    poses = (STAND, Pose(low, 1.0, 2.5), *up_and_down, Pose(top, 12.0), STAND)
    assert named(samples(poses))[0][:2] == ("standing_quad", "right")


@pytest.mark.parametrize("level", [82, 90, 98])
@pytest.mark.parametrize("left", [False, True])
def test_a_knee_bent_standing_in_two_stages_is_no_leg_raised_from_lying(
    level: float, left: bool
) -> None:
    poses = (STAND, Pose(bent_standing(level), 3.5), Pose(bent_standing(138), 12.0), STAND)
    side = "left" if left else "right"
    assert named(samples(poses, left=left)) == [("standing_quad", side, 138)]


@pytest.mark.parametrize("bends", [(70, 86, 104, 124), (66, 92, 118)])
def test_a_knee_bent_standing_in_steps_with_the_breath_is_no_leg_raised_from_lying(
    bends: tuple[int, ...],
) -> None:
    *pauses, held = bends
    steps = [Pose(bent_standing(bend), 2.8, 1.0) for bend in pauses]
    walked = (Pose(STANDING, 4.0), *walk(12.0), Pose(STANDING, 3.0))
    poses = (*walked, *steps, Pose(bent_standing(held), 12.0, 1.0), STAND)
    assert named(samples(poses)) == [("standing_quad", "right", held)]


@pytest.mark.parametrize(("bend", "told"), [(40, 1), (65, 1), (75, 2), (90, 2)])
def test_who_reads_on_the_belly_with_the_feet_up_stretches_no_quad(bend: float, told: int) -> None:
    reads = (Pose(bent_prone(bend), 40.0), Pose(BELLY, 8.0))
    holds = named(samples((*PRONE_QUAD, *reads)))
    assert [hold[:2] for hold in holds] == told * [("prone_quad", "right")]


def test_who_stands_up_for_a_moment_only_bends_the_knee_standing() -> None:
    """The shank points as on the belly, bent by 45 degrees: no quad is stretched so."""
    stands = (Pose(STANDING, 0.6, 2.0), Pose(bent_standing(135), 12.0), STAND)
    holds = named(samples((*PRONE_QUAD, *stands)))
    assert [hold[:2] for hold in holds] == [("prone_quad", "right"), ("standing_quad", "right")]


def test_who_kneels_down_to_lie_on_the_belly_bends_the_knee_there() -> None:
    lies = Pose(BELLY, 4.0, move_s=1.5)
    poses = (STAND, lies, Pose(bent_prone(120), 12.0), lies)
    assert [hold[:2] for hold in named(samples(poses))] == [("prone_quad", "right")]


def test_a_short_rest_after_sitting_down_is_enough_to_know_the_back() -> None:
    sitting_down = (Pose((0.4, 0.7, 0.4), 0.2, 3.0), Pose((0.3, 0.8, -0.3), 0.2, 2.0))
    poses = (STAND, *sitting_down, Pose(BACK, 1.8, 2.0), Pose(raised(75), 12.0), Pose(BACK, 5.0))
    assert named(samples(poses))[0][:2] == ("hamstring", "right")


def test_a_band_moved_to_the_other_leg_while_sitting_is_no_roll() -> None:
    other_leg = (Pose((-0.95, 0.0, -0.3), 6.0, 3.0), Pose((-0.34, -0.94, 0.0), 12.0))
    poses = (STAND, LIE, *ON_THE_WAY, *other_leg, Pose((-0.95, 0.0, -0.3), 5.0))
    assert named(samples(poses))[0][:2] == ("hamstring", "left")


# Lowered, the knees drawn up and stretched out again, all of it without a rest.
RESTLESS = (
    Pose((0.8, 0.6, 0.0), 0.6),
    Pose((0.6, 0.8, 0.1), 0.8, 2.0),
    Pose((0.8, 0.6, 0.0), 0.6, 2.0),
    Pose(BACK, 0.4),
)


@pytest.mark.parametrize("toes", [-0.25, 0.0, 0.1])
@pytest.mark.parametrize("left", [False, True])
def test_who_is_restless_before_rolling_over_has_moved_no_band(toes: float, left: bool) -> None:
    """However the toes lie, and with the knee bent no further than a leg may be raised."""
    belly = (-0.97, 0.0, toes)
    rolled = (Pose(SIDE, 0.3, 1.0), Pose(belly, 8.0, 1.0), Pose(bent_prone(100), 12.0))
    poses = (*HAMSTRING[:-1], *RESTLESS, *rolled, Pose(belly, 5.0))
    side = "left" if left else "right"
    assert [hold[:2] for hold in named(samples(poses, left=left))] == [
        ("hamstring", side),
        ("prone_quad", side),
    ]


def test_a_band_that_was_tumbled_in_a_hand_was_not_rolled_over() -> None:
    """It lay in the hand as on the leg before, and on its side, shortly before it lay anew."""
    ways = ((0, -1, 0), (0, 0, 1), (0, -1, 0), (-1, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, -1))
    tumbled = [Pose(up, 0.02, 0.5) for up in (*ways, *ways)]
    in_a_hand = (*tumbled, Pose((0.95, 0.0, -0.1), 1.2, 0.5), Pose(SIDE, 0.1, 0.5))
    other_leg = (Pose((-0.95, 0.0, -0.3), 6.0, 0.8), Pose((-0.34, -0.94, 0.0), 12.0))
    poses = (*HAMSTRING, *in_a_hand, *other_leg, other_leg[0])
    assert [hold[:2] for hold in named(samples(poses))] == [
        ("hamstring", "right"),
        ("hamstring", "left"),
    ]


@pytest.mark.parametrize("turned", [-15.0, 0.0, 15.0])
def test_a_band_moved_to_the_other_leg_may_lie_as_it_did_on_the_belly(turned: float) -> None:
    """The back of a left leg is where the belly of a right one was."""
    other_leg = (Pose((-0.95, 0.0, -0.3), 6.0, 3.0), Pose((-0.34, -0.94, 0.0), 12.0))
    poses = (*PRONE_QUAD, *ON_THE_WAY, *other_leg, Pose((-0.95, 0.0, -0.3), 5.0))
    _, hold = named(samples(poses, turned_deg=turned))
    assert hold[:2] == ("hamstring", "left")


@pytest.mark.parametrize("turned", [-15.0, 0.0, 15.0])
@pytest.mark.parametrize("again", [BACK, BELLY])
def test_who_sits_up_and_lies_down_again_has_moved_no_band(
    again: tuple[float, float, float], turned: float
) -> None:
    before, up, name = (
        (PRONE_QUAD, bent_prone(115), "prone_quad")
        if again is BELLY
        else (HAMSTRING, raised(80), "hamstring")
    )
    lies = (Pose(again, 6.0, 3.0), Pose(up, 12.0), Pose(again, 5.0))
    assert [
        hold[:2] for hold in named(samples((*before, *ON_THE_WAY, *lies), turned_deg=turned))
    ] == [
        (name, "right"),
        (name, "right"),
    ]


@pytest.mark.parametrize(("turned", "tilted"), [(30, 8), (30, -8), (-30, 8), (-30, -8)])
def test_a_knee_that_is_just_bent_enough_standing_is_named_with_a_tilted_band(
    turned: float, tilted: float
) -> None:
    poses = (*HAMSTRING, STAND, Pose(bent_standing(109), 12.0), STAND)
    _, hold = named(samples(poses, turned_deg=turned, tilted_deg=tilted))
    assert hold[:2] == ("standing_quad", "right")


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("tilted", [-8.0, 0.0, 8.0])
def test_a_heel_at_the_buttock_with_the_thigh_behind_is_named(left: bool, tilted: float) -> None:
    poses = (STAND, Pose(bent_standing(161), 12.0), STAND)
    sits = samples(poses, left=left, tilted_deg=tilted)
    assert [h[:2] for h in named(sits)] == [("standing_quad", "left" if left else "right")]


def test_a_leg_up_a_wall_is_no_bent_knee() -> None:
    """Somebody sat down for it, with the shank upright, and lay down sideways."""
    sat = (Pose((0.2, 0.85, 0.4), 0.2, 3.0), Pose((0.0, 0.6, -0.75), 0.2, 3.0))
    poses = (STAND, *sat, Pose((-0.3, -0.93, -0.1), 20.0, 3.0), STAND)
    assert named(samples(poses)) == []


def test_legs_swung_onto_an_armrest_are_no_stretch_of_a_leg_that_was_not_stretched() -> None:
    """A knee that is bent standing looks the same: 108 degrees, a second and a half."""
    swung = (STAND, Pose(bent_standing(108), 60.0), STAND)
    assert named(samples(swung)) == []
    legs_up = Pose((0.95, -0.31, 0.0), 60.0)  # the right leg's front is up: a left knee bent
    assert named(samples((*HAMSTRING, STAND, legs_up, STAND)))[1:] == []


@pytest.mark.parametrize("stillness", [1.0, 0.2])
def test_a_leg_swung_from_standing_onto_an_armrest_lies_too_still_for_a_knee_that_is_bent(
    stillness: float,
) -> None:
    """Who stands on one leg sways by more."""
    block = samples((STAND, Pose(bent_standing(117), 40.0), STAND), breath_deg=0.3, noise_g=0.0)
    there = (block.t_s > 8.0) & (block.t_s < 47.0)
    kept = block.acc_g[there]
    acc = block.acc_g.copy()
    acc[there] = kept.mean(axis=0) + stillness * (kept - kept.mean(axis=0))
    acc += np.random.default_rng(3).normal(0.0, 0.001, acc.shape)
    stood = [("standing_quad", "right", 117)] if stillness == 1.0 else []
    assert named(Block(block.t_s, acc)) == stood


def test_a_leg_on_an_armrest_with_its_toes_out_is_no_inner_thigh() -> None:
    toes_out = np.radians(33.0)
    up = (0.94 * np.cos(toes_out), -0.34, -0.94 * np.sin(toes_out))
    assert named(samples((STAND, LIE, Pose(up, 20.0), Pose(BACK, 5.0)), turned_deg=-10.0)) == []


def fell_out(raised_deg: float, out_deg: float) -> tuple[float, float, float]:
    """Raised straight, then fallen out about the trunk's line."""
    f, a = np.radians((raised_deg, out_deg))
    return (float(np.cos(f)), float(-np.sin(f) * np.cos(a)), float(-np.sin(f) * np.sin(a)))


def twisted(raised_deg: float, toes_deg: float) -> tuple[float, float, float]:
    """Raised straight, the toes pointing out."""
    e, t = np.radians((raised_deg, toes_deg))
    return (float(np.cos(e) * np.cos(t)), float(-np.sin(e)), float(-np.cos(e) * np.sin(t)))


@pytest.mark.parametrize("toes", [-12.0, 12.0])
@pytest.mark.parametrize(("height", "out"), [(60, 30), (70, 27), (84, 25), (84, 40)])
def test_a_steep_leg_need_not_fall_far_to_have_fallen_out(
    height: float, out: float, toes: float
) -> None:
    """Also when it was turned in or out in the hamstring stretch that has shown the band's turn."""
    hamstring = (Pose(twisted(65, toes), 12.0), Pose(BACK, 6.0))
    falls = (Pose(raised(height), 0.5), Pose(fell_out(height, out), 12.0, 2.5), Pose(BACK, 5.0))
    _, hold = named(samples((STAND, LIE, *hamstring, *falls)))
    assert hold[:2] == ("inner_thigh", "right")


@pytest.mark.parametrize("height", [45, 60, 75, 85])
@pytest.mark.parametrize("toes", [-20.0, 20.0])
@pytest.mark.parametrize("tilted", [-5.0, 5.0])
def test_a_leg_that_is_raised_with_its_toes_out_has_not_fallen(
    height: float, toes: float, tilted: float
) -> None:
    poses = (STAND, LIE, Pose(twisted(height, toes), 12.0), Pose(BACK, 5.0))
    (hold,) = named(samples(poses, tilted_deg=tilted))
    assert hold[:2] == ("hamstring", "right")


def test_a_leg_that_fell_out_low_was_raised_higher_before() -> None:
    """On an armrest it would not have been; toes out by 40 degrees look the same there."""
    low = Pose(fell_out(50, 55), 12.0, 2.5)
    falls = (Pose(raised(50), 0.5, 2.0), low, Pose(BACK, 5.0))
    assert [h[:2] for h in named(samples((STAND, LIE, *falls)))] == [("inner_thigh", "right")]


def test_a_leg_that_comes_down_a_little_otherwise_has_not_fallen_out() -> None:
    """The toes out by 25 degrees instead of 5, the heel on its blanket, after a hamstring."""
    rest = Pose((1.0, 0.0, -0.08), 8.0, move_s=6.0)
    down = Pose((0.89, -0.21, -0.41), 15.0)
    poses = (STAND, rest, Pose(raised(75), 12.0), down, Pose(raised(70), 12.0), rest)
    assert [h[0] for h in named(samples(poses))] == ["hamstring"] * 2


def handled(*poses: Pose, lies_s: float) -> Block:
    """A band that lies on its back for so long, and is then taken to the poses."""
    on_leg = samples((Pose(BACK, 0.1), *poses), start_s=lies_s)
    t_s = np.arange(0.0, lies_s, 0.02)
    noise = np.random.default_rng(11).normal(0.0, 0.002, (len(t_s), 3))
    return Block(np.append(t_s, on_leg.t_s), np.vstack([np.array(BACK) + noise, on_leg.acc_g]))


def test_what_is_done_with_a_band_taken_from_a_table_is_no_stretch() -> None:
    in_the_hand = Pose(raised(70), 12.0)
    assert named(handled(in_the_hand, lies_s=60.0)) == []
    # A rest of a leg, and it counts again.
    assert len(named(handled(STAND, LIE, in_the_hand, LIE, lies_s=60.0))) == 1


def test_who_circles_a_foot_while_lying_down_stretches_all_the_same() -> None:
    block = samples((STAND, Pose(BACK, 10.0), Pose(raised(70), 12.0), LIE))
    circles = np.where((block.t_s > 8.0) & (block.t_s < 15.5), np.radians(3.0), 0.0)
    about = circles * np.sin(2.0 * np.pi * 1.2 * block.t_s)
    assert [h[0] for h in named(Block(block.t_s, block.acc_g + about[:, None] * (0, 1, 1)))] == [
        "hamstring"
    ]


@pytest.mark.parametrize("left", [False, True])
def test_who_sits_up_slowly_to_lay_the_belt_about_the_foot_has_not_stood_up(left: bool) -> None:
    lean = np.radians(26.0)
    sits = Pose((float(np.sin(lean)), float(np.cos(lean)), 0.05), 6.0, move_s=7.0)
    poses = (STAND, LIE, sits, Pose(raised(66), 12.0, move_s=2.5), Pose(BACK, 5.0))
    told = named(samples(poses, left=left))
    assert [h[:2] for h in told] == [("hamstring", "left" if left else "right")]


def on_table(block: Block, from_s: float, to_s: float) -> Block:
    """For so long nothing but the noise of the sensor is felt."""
    noise = np.random.default_rng(4).normal(0.0, 0.002, block.acc_g.shape)
    lies = (block.t_s > from_s) & (block.t_s < to_s)
    still = block.acc_g[lies.argmax()] + noise
    return Block(block.t_s, np.where(lies[:, None], still, block.acc_g))


def test_where_a_band_is_laid_again_for_a_moment_is_no_rest_of_a_leg_either() -> None:
    again, in_the_hand = Pose(BACK, 14.0), Pose(raised(70), 12.0)
    block = handled(Pose(fallen_out(60), 3.0), again, in_the_hand, lies_s=60.0)
    assert len(named(block)) == 1
    assert named(on_table(block, 66.3, 80.1)) == []


def test_what_is_held_for_long_without_a_leg_having_shown_is_no_stretch() -> None:
    # As in a bag that swings: no calm moment since the table.
    block = handled(STAND, LIE, Pose(raised(70), 24.0), LIE, lies_s=60.0)
    assert len(named(block)) == 1
    shaken = np.where(block.t_s > 83.0, 0.012 * np.sin(2.0 * np.pi * 1.1 * block.t_s), 0.0)
    assert named(Block(block.t_s, block.acc_g + shaken[:, None])) == []
    # A leg may shake as much, but it breathes too.
    breathes = np.where(block.t_s > 83.0, 0.012 * np.sin(2.0 * np.pi * block.t_s / 6.0), 0.0)
    assert len(named(Block(block.t_s, block.acc_g + (shaken + breathes)[:, None]))) == 1


def test_who_lies_down_on_the_belly_from_standing_may_rest_on_tucked_toes() -> None:
    tucked = Pose((-0.96, -0.25, 0.1), 8.0, move_s=2.0)
    poses = (STAND, tucked, Pose(bent_prone(125), 12.0), tucked)
    ((stretch, side, _),) = named(samples(poses))
    assert (stretch, side) == ("prone_quad", "right")


def knee_up(below_level_deg: float, aside_deg: float = 0.0) -> tuple[float, float, float]:
    """On the back, the foot on the floor, the knee leaning outwards."""
    b, a = np.radians((below_level_deg, aside_deg))
    return (float(np.cos(b) * np.cos(a)), float(np.sin(b)), float(np.cos(b) * np.sin(a)))


DOWN = (Pose((-0.5, 0.86, 0.0), 0.3), Pose((0.3, 0.95, 0.0), 0.3))  # squatting, then sitting


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("turned", "tilted"), [(0, 0), (20, 5), (-20, -5)])
@pytest.mark.parametrize("knee", [knee_up(30), knee_up(45, 8), knee_up(58)])
def test_who_rests_on_the_back_with_the_knees_up_has_the_stretches_named(
    knee: tuple[float, float, float], turned: float, tilted: float, left: bool
) -> None:
    rest = Pose(knee, 20.0, 2.5)
    falls = (Pose(raised(80), 0.3), Pose(fallen_out(50), 12.0, 2.5))
    poses = (STAND, *DOWN, rest, Pose(raised(65), 12.0), rest, *falls, rest)
    side = "left" if left else "right"
    block = samples(poses, left=left, turned_deg=turned, tilted_deg=tilted)
    assert [h[:2] for h in named(block)] == [("hamstring", side), ("inner_thigh", side)]


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("raised_deg", [42.0, 48.0, 60.0])
def test_a_band_that_sits_turned_out_makes_no_inner_thigh_of_a_leg_raised_from_the_knees_up(
    raised_deg: float, left: bool
) -> None:
    rest = Pose(knee_up(48), 20.0, 2.5)
    poses = (STAND, *DOWN, rest, Pose(raised(raised_deg), 12.0), rest)
    turned = 33.0 if left else -33.0
    block = samples(poses, left=left, turned_deg=turned)
    assert [h[:2] for h in named(block)] == [("hamstring", "left" if left else "right")]


def test_who_throws_the_leg_up_from_the_knees_up_has_not_stood_up() -> None:
    """For a fifth of a second the push is felt as if the shank were upright."""
    rest, thrown = Pose(knee_up(45), 8.0, 2.5), Pose((0.1, 0.99, 0.0), 0.05, 0.12)
    falls = (Pose(raised(80), 0.3, 0.2), Pose(fallen_out(50), 12.0, 1.0))
    poses = (STAND, *DOWN, rest, thrown, *falls, rest)
    assert [h[:2] for h in named(samples(poses))] == [("inner_thigh", "right")]


@pytest.mark.parametrize("left", [False, True])
def test_who_bent_the_knee_standing_and_lies_down_on_the_belly_has_that_leg_named(
    left: bool,
) -> None:
    """Not the other one on the back, which looks the same."""
    on_belly = (Pose(BELLY, 10.0, 6.0), Pose(bent_prone(107), 12.0), Pose(BELLY, 5.0))
    block = samples((*STANDING_QUAD, *on_belly), left=left)
    side = "left" if left else "right"
    assert [h[:2] for h in named(block)] == [("standing_quad", side), ("prone_quad", side)]


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("turned", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize("raised_deg", [45.0, 75.0, 95.0])
def test_a_band_moved_to_the_other_leg_after_a_standing_quad_is_on_that_one(
    raised_deg: float, turned: float, left: bool
) -> None:
    before = samples(STANDING_QUAD, left=left)
    lies = (*ON_THE_WAY, Pose(BACK, 8.0, 4.0), Pose(raised(raised_deg), 12.0), Pose(BACK, 5.0))
    after = samples((STAND, *lies), left=not left, turned_deg=turned, start_s=before.t_s[-1] + 0.02)
    sides = ("left", "right") if left else ("right", "left")
    names = [("standing_quad", sides[0]), ("hamstring", sides[1])]
    assert [h[:2] for h in named(Block.join([before, after]))] == names


HEEL_NEAR = knee_up(68)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("tilted", [-6.0, 0.0, 6.0])
def test_who_draws_the_heel_to_the_buttock_lying_does_not_stand(left: bool, tilted: float) -> None:
    rest = Pose(HEEL_NEAR, 8.0)
    poses = (STAND, LIE, rest, Pose(raised(65), 12.0), rest, Pose(raised(60), 12.0), rest)
    again = (Pose(BACK, 5.0), Pose(raised(80), 0.3), Pose(fallen_out(60), 12.0), LIE)
    block = samples((*poses, *again), left=left, tilted_deg=tilted)
    side = "left" if left else "right"
    names = ["hamstring", "hamstring", "inner_thigh"]
    assert [h[:2] for h in named(block)] == [(name, side) for name in names]


def test_the_heel_may_be_nearer_to_the_buttock_than_it_was_before() -> None:
    falls = (Pose(raised(75), 0.3), Pose(fallen_out(60), 12.0))
    poses = (STAND, LIE, Pose(knee_up(50), 8.0), *falls, Pose(HEEL_NEAR, 8.0), *falls, LIE)
    assert [h[:2] for h in named(samples(poses))] == [("inner_thigh", "right")] * 2


@pytest.mark.parametrize("left", [False, True])
def test_who_draws_the_heel_nearer_while_the_knee_is_up_goes_on_lying(left: bool) -> None:
    """The shank does not come by level on its way, but nobody gets up in a second."""
    nearer = (Pose(knee_up(50), 12.0), Pose(HEEL_NEAR, 20.0, move_s=1.0))
    poses = (STAND, LIE, *nearer, Pose(raised(65), 12.0), *nearer, Pose(raised(60), 12.0), LIE)
    side = "left" if left else "right"
    assert [h[:2] for h in named(samples(poses, left=left))] == [("hamstring", side)] * 2


@pytest.mark.parametrize("move_s", [1.5, 4.0])
def test_who_gets_up_from_lying_and_leans_a_little_stands(move_s: float) -> None:
    """However soon: to bend the knee the shank passes the vertical, as none does that lies."""
    on_feet = Pose(knee_up(77), 5.0, move_s)
    poses = (STAND, LIE, on_feet, Pose(bent_standing(130), 12.0), on_feet)
    assert [h[:2] for h in named(samples(poses))] == [("standing_quad", "right")]


def test_who_gets_up_from_the_heel_drawn_up_stands() -> None:
    poses = (STAND, LIE, Pose(HEEL_NEAR, 8.0), STAND, Pose(bent_standing(130), 12.0), STAND)
    assert [h[:2] for h in named(samples(poses))] == [("standing_quad", "right")]


@pytest.mark.parametrize("bend", [100, 120])
def test_who_rolls_over_from_the_knees_up_bends_the_knee_on_the_belly(bend: float) -> None:
    on_belly = (Pose(SIDE, 0.1, 1.2), Pose(BELLY, 6.0, 1.0), Pose(bent_prone(bend), 12.0))
    poses = (STAND, *DOWN, Pose(knee_up(45), 8.0), *on_belly, Pose(BELLY, 5.0))
    assert [h[:2] for h in named(samples(poses))] == [("prone_quad", "right")]


@pytest.mark.parametrize("up", [(0.6, 0.8, 0.0), (-0.5, 0.86, 0.0)])
def test_who_gets_up_from_a_chair_holds_no_stretch_on_the_back(
    up: tuple[float, float, float],
) -> None:
    """A foot drawn back on a chair looks like the knee of the other leg, lying."""
    chair = (Pose(STANDING, 10.0), Pose(up, 30.0))
    for bend in (125, 145):
        poses = (*chair, Pose(STANDING, 0.5), Pose(bent_standing(bend), 12.0), STAND)
        assert named(samples(poses)) == []


def test_a_knee_half_bent_standing_is_no_rest_on_the_back() -> None:
    poses = (STAND, Pose(bent_standing(50), 7.0), Pose(bent_standing(135), 12.0), STAND)
    assert [h[:2] for h in named(samples(poses))] == [("standing_quad", "right")]


def test_legs_put_up_from_a_chair_are_no_stretch() -> None:
    chair = Pose((0.6, 0.8, 0.0), 40.0)
    poses = (STAND, chair, Pose((0.97, 0.1, -0.2), 60.0), Pose((0.86, -0.48, -0.1), 60.0), chair)
    assert named(samples(poses)) == []


def test_the_knee_that_is_up_does_not_contradict_the_side_that_was_told() -> None:
    rest = Pose(knee_up(45), 20.0)
    poses = (*DOWN, rest, Pose(raised(65), 12.0), rest)
    assert named(samples(poses), Settings(side="right"))[0][:2] == ("hamstring", "right")
    assert named(samples(poses), Settings(side="left")) == []


@pytest.mark.parametrize("reach", [28, 33])
def test_a_leg_that_goes_up_little_is_in_a_stretch_where_it_was_straightened_to_before(
    reach: float,
) -> None:
    straightened = (Pose(raised(reach), 0.3, 3.0), Pose(raised(5), 0.3, 2.5)) * 2
    hold = (Pose(raised(reach - 2), 12.0, 2.5), Pose(BACK, 5.0))
    assert named(samples((STAND, LIE, *hold))) == []
    (told,) = named(samples((STAND, LIE, *straightened, *hold)))
    assert told[:2] == ("hamstring", "right")
    # Not any more when the wearer got up since, or lay for a while.
    assert named(samples((STAND, LIE, *straightened, STAND, LIE, *hold))) == []
    assert named(samples((STAND, LIE, *straightened, Pose(BACK, 70.0), *hold))) == []


def test_where_the_leg_goes_up_high_a_low_posture_between_is_no_stretch() -> None:
    up_and_down = (Pose(raised(70), 0.3, 3.0), Pose(raised(30), 8.0, 2.5)) * 2
    poses = (STAND, LIE, *up_and_down, Pose(raised(70), 12.0), Pose(BACK, 5.0))
    assert [h[0] for h in named(samples(poses))] == ["hamstring"]


@pytest.mark.parametrize("turned", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize(("height", "out"), [(58, 25), (60, 28), (75, 23)])
def test_a_leg_that_is_seen_to_fall_out_need_not_fall_far(
    height: float, out: float, turned: float
) -> None:
    falls = (Pose(raised(height), 0.5), Pose(fell_out(height, out), 12.0, 2.5), Pose(BACK, 5.0))
    (hold,) = named(samples((STAND, LIE, *falls), turned_deg=turned))
    assert hold[:2] == ("inner_thigh", "right")


@pytest.mark.parametrize("toes", [-25.0, 25.0])
def test_a_leg_that_twists_while_it_is_up_has_not_fallen_out(toes: float) -> None:
    twists = (Pose(raised(60), 0.5), Pose(twisted(60, toes), 12.0, 1.5), Pose(BACK, 5.0))
    (hold,) = named(samples((STAND, LIE, *twists)))
    assert hold[:2] == ("hamstring", "right")


@pytest.mark.parametrize(("slowly", "name"), [(False, "hamstring"), (True, "inner_thigh")])
def test_a_leg_that_is_thrown_about_has_not_been_seen_to_fall_out(slowly: bool, name: str) -> None:
    high, held = (0.34, -0.93, 0.15), (0.48, -0.85, -0.22)
    postures = Postures(any_posture=False, side="right")
    postures.at_rest(BACK, 0.0)
    postures.rest_left(BACK, 5.0)
    for times_s, ups in (
        ((5.2, 5.4), (BACK, high)),
        ((5.6, 5.8), (high if slowly else held, held)),
    ):
        low, *_, most = sorted(y for _, y, _ in ups)
        postures.passed(times_s, ups, low, most)
    stretch = postures.name(held)
    assert stretch is not None
    assert stretch.name == name


def test_a_knee_bent_on_the_belly_does_not_fall_out() -> None:
    """However the thigh turns: the leg that was stretched before tells where the belly is."""
    over = (Pose(SIDE, 0.1, 1.2), Pose(BELLY, 6.0, 1.0))
    bent = (Pose((0.15, -0.94, -0.3), 0.6), Pose((0.1, -0.72, -0.69), 12.0, 1.0))
    _, hold = named(samples((*HAMSTRING, *over, *bent, Pose(BELLY, 5.0))))
    assert hold[:2] == ("prone_quad", "right")
