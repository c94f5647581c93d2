"""The weather of the air: what it does to notifications, and that all else passes."""

from __future__ import annotations

from collections import Counter

import pytest

from firmware_sim.faults import Weather

NOTIFICATION = bytes.fromhex("0700 0400 1b 1000") + b"\x01\x02\x03\x04"
ANSWER = bytes.fromhex("0100 0400 13")


def test_fair_weather_and_answers_pass_unchanged() -> None:
    assert Weather().fault(1)(NOTIFICATION) == [NOTIFICATION]
    assert Weather(lose=1.0).fault(1)(ANSWER) == [ANSWER]


def test_each_deed_comes_as_often_as_it_is_likely() -> None:
    fault = Weather(lose=0.1, double=0.2, spoil=0.3, garbage=0.15).fault(3)
    deeds: Counter[str] = Counter()
    for _ in range(10_000):
        match list(fault(NOTIFICATION)):
            case []:
                deeds["lose"] += 1
            case [one] if one == NOTIFICATION:
                deeds["pass"] += 1
            case [one]:
                deeds["spoil"] += 1
                assert one[2:7] == NOTIFICATION[2:7]
                assert int.from_bytes(one[:2], "little") == len(one) - 4
            case [one, two]:
                assert two == NOTIFICATION
                deeds["double" if one == NOTIFICATION else "garbage"] += 1
    expected = {"lose": 1000, "double": 2000, "spoil": 3000, "garbage": 1500, "pass": 2500}
    assert {k: pytest.approx(v, abs=200) for k, v in expected.items()} == dict(deeds)


def test_one_seed_is_one_run_of_luck() -> None:
    def run(seed: int) -> list[list[bytes]]:
        fault = Weather(0.2, 0.2, 0.2, 0.2).fault(seed)
        return [list(fault(NOTIFICATION)) for _ in range(50)]

    assert run(5) == run(5) != run(6)


@pytest.mark.parametrize("chances", [(1.1, 0, 0, 0), (-0.1, 0, 0, 0), (0.5, 0.3, 0.2, 0.1)])
def test_what_is_no_chance_is_refused(chances: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="together at most 1"):
        Weather(*chances)
