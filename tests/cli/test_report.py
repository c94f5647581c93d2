"""`stretchband report` at the command line."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.filling import BAND, Told, new_store
from tracker.cli import main

Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [], Told().session(100.0), None)
    store.close()
    return store.path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], path: Path) -> Run:
    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(
            sys, "argv", ["stretchband", "report", "--db", str(path), *map(str, arguments)]
        )
        status: object = None
        try:
            main()
        except SystemExit as end:
            status = end.code
        said = capfd.readouterr()
        return status or 0, said.out, said.err

    return run


def test_it_writes_a_page_for_its_owner_only(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert run("--month", "2026-11", "--out", str(out)) == (0, "", "")
    assert out.read_text("utf-8").startswith("<!doctype html>")
    assert "<b>2</b><span>holds</span>" in out.read_text("utf-8")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    status, said, _ = run("--month", "2026-11", "--out", "-")
    assert (status, said) == (0, out.read_text("utf-8"))


@pytest.mark.parametrize(("ending", "head"), [("pdf", b"%PDF-"), ("png", b"\x89PNG\r\n")])
def test_the_ending_says_what_it_is(run: Run, tmp_path: Path, ending: str, head: bytes) -> None:
    out = tmp_path / f"report.{ending}"
    status, _, said = run("--month", "2026-11", "--out", str(out))
    if "needs Pango" in said or "needs weasyprint" in said:
        pytest.skip(said)
    assert status == 0
    assert out.read_bytes().startswith(head)


def test_a_month_without_a_hold_is_written_and_told(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert run("--month", "2020-02", "--out", str(out)) == (
        *(0, ""),
        f"no hold in February 2020: {out} says so\n",
    )
    assert "No hold was stored in this month." in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--month", "11/2026"], '--month "11/2026" is no month: give one such as 2026-11'),
        (["--out", "report.docx"], "--out report.docx must end in one of .html, .pdf, .png"),
        (["--band", "b9"], 'no band "b9" in'),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(
    run: Run, arguments: list[str], expected: str
) -> None:
    status, said, told = run(*arguments)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert expected in told
