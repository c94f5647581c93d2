"""The demo as a person starts it: the page beside it, the browser, what is said without them."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import webbrowser
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tracker.cli import demo_page
from tracker.errors import StretchbandError
from tracker.store import History

SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
WITHOUT_A_SCREEN = {name: value for name, value in os.environ.items() if name not in SCREENS}


class Opener:
    """A browser that only keeps what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked = folder / "asked"
        self._script = folder / "browser"
        self._script.write_text(f'#!/bin/sh\necho "$1" > {self.asked}\n', "utf-8")
        self._script.chmod(0o700)

    @property
    def variable(self) -> str:
        """As BROWSER names it."""
        return f"{self._script} %s"


@asynccontextmanager
async def demo(
    *options: str, stdin: int | None = None, **environment: str
) -> AsyncIterator[Process]:
    """The demo on no terminal; told to end with the block, where it has not ended before."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "tracker", "demo", *options),
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        env={**WITHOUT_A_SCREEN, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def page_of(process: Process) -> str:
    """Its address, once it is told."""
    assert process.stdout is not None
    said = (await process.stdout.readline()).decode()
    found = re.fullmatch(r"the page is on (http://127\.0\.0\.1:\d+/)\n", said)
    assert found, said
    return found[1]


async def test_the_page_is_served_while_the_demo_plays(tmp_path: Path) -> None:
    kept, opener = tmp_path / "kept.db", Opener(tmp_path)
    options = ("--seconds", "12", "--speed", "20", "--port", "0", "--db", str(kept))
    async with (
        demo(*options, "--no-browser", BROWSER=opener.variable) as running,
        httpx.AsyncClient() as client,
    ):
        address = await page_of(running)
        assert "<title>stretchband</title>" in (await client.get(address)).text
        out, errors = await running.communicate()
        with pytest.raises(httpx.ConnectError):
            await client.get(address)
    assert (running.returncode, errors) == (0, b"")
    assert not opener.asked.exists()
    assert "hold   hamstring left leg" in out.decode()
    assert f"stretchband dashboard --db {kept}" in out.decode()
    with History.open(kept) as history:
        assert history.row_counts()["holds"] >= 1


async def test_the_browser_is_given_the_address_and_its_page_stays_until_enter(
    tmp_path: Path,
) -> None:
    opener = Opener(tmp_path)
    keyboard, terminal = os.openpty()
    options = ("--seconds", "5", "--speed", "20", "--port", "0")
    try:
        async with (
            demo(*options, stdin=terminal, BROWSER=opener.variable) as running,
            httpx.AsyncClient() as client,
        ):
            address = await page_of(running)
            assert running.stdout is not None
            async for line in running.stdout:
                if line == b"the page stays until Enter or Ctrl-C\n":
                    break
            assert opener.asked.read_text("utf-8") == f"{address}\n"
            assert (await client.get(f"{address}history")).status_code == 200
            os.write(keyboard, b"\n")
            out, errors = await running.communicate()
            with pytest.raises(httpx.ConnectError):
                await client.get(address)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert (running.returncode, errors) == (0, b"")
    assert out == b"page and history end here; --db FILE keeps them\n"


async def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        for option in ("--port", "--broker-port"):
            async with demo(option, taken) as running:
                out, errors = await running.communicate()
            said = f"port {taken} on 127.0.0.1 is taken; {option} 0 finds a free one\n"
            assert (running.returncode, out, errors.decode()) == (2, b"", f"stretchband: {said}")


def test_without_being_asked_the_next_free_port_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(demo_page, "USUAL_PORT", taken)
        assert demo_page.free_port(None) == 0
        with pytest.raises(StretchbandError, match="is taken"):
            demo_page.free_port(taken)
    assert demo_page.free_port(None) == taken


async def test_without_the_libraries_of_the_page_the_demo_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo_page, "LIBRARIES", ("no_such_library",))
    async with demo_page.page(tmp_path / "tracker.toml", None) as shown:
        assert shown.address is None
        assert shown.said == (
            "no page: it needs no_such_library: pip install 'stretchband[dashboard]'"
        )


@pytest.mark.parametrize("name", ["w3m", "/usr/bin/lynx"])
def test_a_browser_of_the_terminal_does_not_draw_over_the_demo(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    class Browser:
        def open(self, _address: str) -> bool:
            raise AssertionError

    browser = Browser()
    browser.name = name  # type: ignore[attr-defined]
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    monkeypatch.setenv("DISPLAY", ":0")
    assert not demo_page.open_browser("http://127.0.0.1:1/")
