"""A real Datasette on a filled history: it makes sense of every table, view, column and link."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlite_utils import Database

from tests.store.filling import BAND, Told, frame, new_store

METADATA = Path(__file__).parents[2] / "config" / "datasette" / "metadata.yaml"
VIEWS = ("v_holds", "v_daily", "v_balance", "kept_holds")
TABLES = (
    *("bands", "sessions", "holds", "breaths", "events", "frames", "commands"),
    "corrections",
)

Get = Callable[[str], str]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Open in a writer all the while, as by a daemon."""
    store = new_store(tmp_path_factory.mktemp("datasette") / "history.db")
    store.add(BAND, [frame(seq) for seq in range(3)], Told().session(100.0), None)
    store.add(BAND, [], Told().hold(90000.0, 21.0, "my own", None), None)
    yield store.path
    store.close()


@pytest.fixture(scope="module")
def get(history: Path) -> Iterator[Get]:
    """What Datasette answers; it runs as docs/history.md says, beside a daemon that writes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", str(history), "--metadata"]
    server = subprocess.Popen(
        [*command, str(METADATA), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )

    def get(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                get("/-/versions.json")
                break
            except urllib.error.URLError:
                assert server.poll() is None, server.stderr and server.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield get
    finally:
        server.kill()
        server.communicate()


def described(get: Get) -> dict[str, Any]:
    tables: dict[str, Any] = json.loads(get("/-/metadata.json"))["databases"]["history"]["tables"]
    return tables


def columns(history: Path) -> dict[str, set[str]]:
    with Database(history, execute_plugins=False) as db:
        return {
            name: {column.name for column in db[name].columns}
            for name in (*db.table_names(), *db.view_names())
        }


def test_every_table_and_view_is_described_or_hidden_and_no_other(get: Get, history: Path) -> None:
    tables = described(get)
    assert set(tables) == set(columns(history))
    hidden = {name for name, said in tables.items() if said.get("hidden")}
    assert set(tables) - hidden == {*TABLES, *VIEWS}
    shown = json.loads(get("/history.json"))
    assert {each["name"] for each in shown["tables"] if not each["hidden"]} == set(TABLES)
    assert {each["name"] for each in shown["views"]} == set(VIEWS)


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
def test_every_column_is_described_and_no_other(get: Get, history: Path, name: str) -> None:
    said = described(get)[name]
    assert set(said["columns"]) == columns(history)[name]
    assert said["description"]
    for column, text in said["columns"].items():
        if column.endswith("_s"):
            assert "second" in text.lower() or "The same" in text, column
        if column.endswith("_deg"):
            assert "degrees" in text.lower(), column
        if column.endswith("_at"):
            assert "UTC" in text, column


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
def test_its_page_shows_the_rows_with_their_descriptions(
    get: Get, history: Path, name: str
) -> None:
    with Database(history, execute_plugins=False) as db:
        (expected,) = db.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608
    answer = json.loads(get(f"/history/{name}.json?_shape=objects&_size=max"))
    assert len(answer["rows"]) == expected
    page = get(f"/history/{name}")
    assert described(get)[name]["description"] in page
    listed = dict(re.findall(r"<dt>(\w+)</dt><dd>(.*?)</dd>", page))
    assert {column: unescape(text) for column, text in listed.items()} == {
        column: text.strip() for column, text in described(get)[name]["columns"].items()
    }


def test_a_hold_in_the_view_is_what_is_stored(get: Get, history: Path) -> None:
    rows = json.loads(get("/history/v_holds.json?_shape=array"))
    with Database(history, execute_plugins=False) as db:
        stored = db.execute("SELECT hold_id, duration_s FROM holds ORDER BY started_at DESC")
        assert [(row["hold_id"], row["duration_s"]) for row in rows] == stored.fetchall()
    assert rows[0]["started_at"].endswith("Z")
    (daily, *_) = json.loads(get("/history/v_daily.json?_shape=array&side=left"))
    assert (daily["hold_s"], daily["day"]) == (45.0, "2026-11-02")


@pytest.mark.parametrize(
    ("table", "column", "other"),
    [
        ("holds", "band_id", "bands"),
        ("holds", "session_id", "sessions"),
        ("breaths", "hold_id", "holds"),
        ("sessions", "band_id", "bands"),
        ("events", "band_id", "bands"),
        ("frames", "band_id", "bands"),
    ],
)
def test_what_belongs_together_is_linked(get: Get, table: str, column: str, other: str) -> None:
    (row, *_) = json.loads(get(f"/history/{table}.json?_shape=array&{column}__notblank=1"))
    assert f'href="/history/{other}/{quote(row[column])}"' in get(f"/history/{table}")
    found = json.loads(get(f"/history/{other}/{quote(row[column])}.json"))
    assert len(found["rows"]) == 1


def test_every_ready_made_question_is_answered(get: Get) -> None:
    queries = json.loads(get("/-/metadata.json"))["databases"]["history"]["queries"]
    for name, query in queries.items():
        assert query["title"]
        rows = json.loads(get(f"/history/{name}.json?_shape=array"))
        assert rows, name
    (latest, before) = json.loads(get("/history/days.json?_shape=array"))
    assert (latest["minutes"], latest["left_minutes"]) == (0.4, 0.0)
    assert (before["holds"], before["left_minutes"], before["right_minutes"]) == (2, 0.8, 0.8)
    calmest = json.loads(get("/history/calmest.json?_shape=array"))
    assert [row["duration_s"] for row in calmest] == [50.5, 45.0, 21.0]
