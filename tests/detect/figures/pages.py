"""Put tables that were printed anew into the pages of the docs.

    make bench | .venv/bin/python -m tests.detect.figures.pages

A table is known by its head and by what its rows are called: the first column. One that stands in
no page is named, and left out. What the text around a table says of it has to be read by a person.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
Key = tuple[str, ...]


def tables(text: str) -> Iterator[str]:
    """The tables in Markdown: lines on end that begin with a bar, the second one with dashes."""
    rows: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("| ---") and len(rows) > 1:  # a table right behind another
            yield "\n".join(rows[:-1])
            rows = rows[-1:]
        if line.startswith("|"):
            rows.append(line)
        elif rows:
            yield "\n".join(rows)
            rows = []


def key(table: str) -> Key:
    """The head of a table and the first cell of each row: what stays when figures change."""
    head, _, *rows = table.splitlines()
    return (head, *(row.split("|")[1].strip() for row in rows))


def renewed(page: str, printed: dict[Key, str]) -> tuple[str, set[Key]]:
    """The page with the tables that were printed; which of them stand in it.

    Raises ValueError where two tables of a page have the same head and rows.
    """
    old = [(key(table), table) for table in tables(page)]
    mine = [name for name, _ in old if name in printed]
    if len(set(mine)) < len(mine):
        raise ValueError("two tables of the page have the same head and rows")
    for name, table in old:
        if name in printed:
            page = page.replace(table, printed[name])
    return page, set(mine)


def write(text: str, pages: Iterable[Path]) -> list[str]:
    """Renew the tables in the pages; what there is to tell of it, a line each."""
    printed = {key(table): table for table in tables(text)}
    told, placed = [], set()
    for page in pages:
        before = page.read_text("utf-8")
        after, mine = renewed(before, printed)
        placed |= mine
        if mine:
            page.write_text(after, "utf-8")
            changed = len(set(after.splitlines()) - set(before.splitlines()))
            told.append(f"{page.name}: {len(mine)} tables, {changed} rows changed")
    left = [name for name in printed if name not in placed]
    return [*told, *(f"in no page: {', '.join(name[:2])}, ..." for name in left)]


def main() -> None:
    for line in write(sys.stdin.read(), sorted(DOCS.glob("*.md"))):
        print(line)  # noqa: T201 - a command that says what it wrote


if __name__ == "__main__":
    main()
