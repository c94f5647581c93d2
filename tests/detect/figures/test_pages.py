from __future__ import annotations

from pathlib import Path

import pytest

from tests.detect.figures.pages import DOCS, key, renewed, tables, write
from tests.detect.figures.score import table

HEAD = ("recordings", "F1")


def _printed(*rows: tuple[str, str]) -> str:
    return "\n".join(table(HEAD, rows))


def test_a_table_is_found_by_its_head_and_rows_and_what_is_around_it_stays(tmp_path: Path) -> None:
    page = tmp_path / "how.md"
    other = _printed(("rough", "0.5"))
    page.write_text(f"# How\n\n{_printed(('clean', '0.9'), ('short', '0.8'))}\n\nSo.\n\n{other}\n")

    told = write(f"text\n\n{_printed(('clean', '1.0'), ('short', '0.8'))}\n", [page])

    assert told == ["how.md: 1 tables, 1 rows changed"]
    kept = _printed(("clean", "1.0"), ("short", "0.8"))
    assert page.read_text() == f"# How\n\n{kept}\n\nSo.\n\n{other}\n"


def test_a_table_with_a_further_row_is_named_and_not_guessed(tmp_path: Path) -> None:
    page = tmp_path / "how.md"
    before = _printed(("clean", "0.9"))
    page.write_text(before)

    told = write(_printed(("clean", "1.0"), ("new", "1.0")), [page])

    assert told == ["in no page: | recordings | F1 |, clean, ..."]
    assert page.read_text() == before


def test_a_table_right_behind_another_is_another_one() -> None:
    one, other = _printed(("clean", "0.9"), ("short", "0.8")), _printed(("rough", "0.5"))
    assert list(tables(f"{one}\n{other}\n")) == [one, other]


def test_two_tables_alike_in_one_page_are_refused() -> None:
    one = _printed(("clean", "0.9"))
    with pytest.raises(ValueError, match="same head and rows"):
        renewed(f"{one}\n\n{one}\n", {key(one): one})


def test_no_two_tables_of_figures_in_the_docs_are_alike() -> None:
    pages = ("detection", "detection-figures", "speed")
    all_of_them = [key(t) for p in pages for t in tables((DOCS / f"{p}.md").read_text("utf-8"))]
    assert len(all_of_them) >= 15
    assert len(set(all_of_them)) == len(all_of_them)
