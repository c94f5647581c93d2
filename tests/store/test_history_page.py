"""docs/history.md names every table, view and column that is in the file, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.store.filling import new_store
from tracker.export import FORMATS, KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "history.md").read_text("utf-8")
DESCRIBED = ("bands", "sessions", "holds", "breaths", "events", "frames", "corrections")
VIEWS = ("v_holds", "v_daily", "v_balance")


def names(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


@pytest.fixture
def columns(tmp_path: Path) -> dict[str, list[str]]:
    new_store(tmp_path / "history.db").close()
    with Database(tmp_path / "history.db", execute_plugins=False) as db:
        return {
            name: [column.name for column in db[name].columns]
            for name in (*db.table_names(), *db.view_names())
        }


@pytest.mark.parametrize("table", DESCRIBED)
def test_a_tables_section_has_a_line_for_each_of_its_columns(
    table: str, columns: dict[str, list[str]]
) -> None:
    section = PAGE.split(f"### {table}\n")[1].split("\n##")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(names(" ".join(first_cells))) == sorted(columns[table])


@pytest.mark.parametrize("view", VIEWS)
def test_a_views_line_names_its_columns_in_order(view: str, columns: dict[str, list[str]]) -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{view}`")]
    assert names(line.split("|")[3]) == columns[view]


def test_no_table_is_left_out(columns: dict[str, list[str]]) -> None:
    left = {name for name in columns if name not in (*DESCRIBED, *VIEWS)}
    described = {name for name in left if f"| `{name}` |" in PAGE}
    assert left - described == {"sqlite_sequence", "kept_holds"}  # SQLite's own; has a section
    assert "### kept_holds\n" in PAGE


def test_every_kind_and_format_of_export_is_described() -> None:
    assert all(f"| `{kind}` |" in PAGE for kind in KINDS)
    assert all(f"`{format_}`" in PAGE for format_ in FORMATS)
