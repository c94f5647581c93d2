"""What strangers wrote stands in a terminal and in a log as one line that does nothing."""

from __future__ import annotations

import logging
import sys

from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import StretchbandError
from tracker.plain import PlainFormatter, plain

CLEAR = "\x1b[2J\x1b]0;owned\x07\n2026 ERROR forged"


def test_what_is_printed_stays_as_it_is() -> None:
    for text in (
        "",
        "leg left, 71\N{DEGREE SIGN}",
        "Knie \N{LEG}",
    ):
        assert plain(text) == text


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    assert plain(text).isprintable()


def test_escapes_and_what_turns_the_reading_direction_are_spelt_out() -> None:
    assert plain(CLEAR) == r"\x1b[2J\x1b]0;owned\x07\n2026 ERROR forged"
    assert plain("a\u202eb\udcff") == r"a\u202eb\udcff"


def test_an_error_is_one_line() -> None:
    assert str(StretchbandError(f"no band {CLEAR}")) == f"no band {plain(CLEAR)}"


def test_a_log_line_is_a_line_whoever_wrote_it() -> None:
    formatter = PlainFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError(CLEAR)
    except ValueError:
        record = logging.LogRecord("x", 30, "f", 1, "heard %s", (CLEAR,), sys.exc_info())
    first, *traceback = formatter.format(record).split("\n")
    assert first == f"WARNING heard {plain(CLEAR)}"
    assert traceback[0] == "Traceback (most recent call last):"
    assert all(line.isprintable() for line in traceback)
