from __future__ import annotations

import pytest

from tracker.errors import StretchbandError
from tracker.plot.clock import moment_s, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("0.5", 0.5), ("1:30", 90.0), ("1:30.5", 90.5), ("2:00:01", 7201.0)],
)
def test_a_moment_is_read(text: str, seconds: float) -> None:
    assert moment_s(text, "--from") == seconds


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4", "-5", "1:", "nan"])
def test_another_moment_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(StretchbandError, match=r"--to .*seconds, m:ss or h:mm:ss"):
        moment_s(text, "--to")


def test_a_moment_is_written_as_it_is_read() -> None:
    assert [written(t) for t in (0.0, 59.6, 754.4, 7201.0)] == ["0:00", "1:00", "12:34", "2:00:01"]
    assert written(59.96, tenths=True) == "1:00.0"
    assert written(-1.25, tenths=True) == "-0:01.2"
