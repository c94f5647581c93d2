"""The page on reliability knows every scenario of the long run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults import soak

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"


def test_each_scenario_stands_beside_its_promise_and_none_is_made_up() -> None:
    rows = re.findall(r"^\|.*\|.*\|.*\|([^|]*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    named = {name for cell in rows for name in re.findall(r"`([\w ]+)`", cell)}
    assert named == set(soak.SCENARIOS)


def test_figures_are_put_between_the_marks_and_nothing_else_is_changed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{soak.BEGIN}\nold\n{soak.END}\nafter\n")
    soak.write(page, "new")
    assert page.read_text() == f"before\n{soak.BEGIN}\nnew\n{soak.END}\nafter\n"


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing to fill\n")
    with pytest.raises(ValueError, match="no marks"):
        soak.write(page, "new")
    assert page.read_text() == "nothing to fill\n"
