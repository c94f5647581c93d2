"""The page beside the demo: a process of its own, and a browser where there is a screen."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tracker.cli.dashboard import LIBRARIES
from tracker.cli.parts import first_line, process
from tracker.config import DashboardConfig
from tracker.errors import StretchbandError, extra_missing

HERE = "127.0.0.1"
USUAL_PORT = DashboardConfig().port
IN_THE_TERMINAL = ("www-browser", "w3m", "lynx", "links", "elinks")  # they would draw over ours


class Shown(NamedTuple):
    """What to say of the page, and where it is; None: there is none."""

    said: str
    address: str | None


@contextlib.asynccontextmanager
async def page(config: Path, port: int | None) -> AsyncIterator[Shown]:
    """`stretchband dashboard` with this config, where its libraries are.

    port: 0 is any free one; None the dashboard's own, or any free one while that is taken. Raises
    StretchbandError for a port that was asked for and is taken.
    """
    chosen = free_port(port)
    missing = next((name for name in LIBRARIES if find_spec(name) is None), None)
    if missing is not None:
        yield Shown(f"no page: {extra_missing('it', missing, 'dashboard')}", None)
        return
    command = ["-m", "tracker", "dashboard", "--config", str(config), "--port", str(chosen)]
    async with process("page", *command) as running:
        said = (await first_line("page", running)).strip()
        yield Shown(said, said.split()[-1])


def free_port(port: int | None) -> int:
    """The port to listen on. Raises StretchbandError for one that is asked for and is taken."""
    try:
        socket.create_server((HERE, USUAL_PORT if port is None else port)).close()
    except OSError as error:
        if port is None:
            return 0
        if error.errno != errno.EADDRINUSE:
            raise StretchbandError(
                f"the page cannot listen on {HERE}:{port}: {error.strerror}"
            ) from None
        raise StretchbandError(
            f"port {port} on {HERE} is taken; --port 0 finds a free one"
        ) from None
    return USUAL_PORT if port is None else port


def open_browser(address: str) -> bool:
    """Show the page to who sits before this machine; False where nobody sees a window of it."""
    if not has_screen():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if Path(getattr(browser, "name", "")).name in IN_THE_TERMINAL:
        return False
    return browser.open(address)


def has_screen() -> bool:
    """Whether a window can be opened here, or BROWSER names a program that shows the page."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


async def enter() -> None:
    """Wait for a line of the terminal."""
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, pressed.set)
    try:
        await pressed.wait()
    finally:
        loop.remove_reader(sys.stdin)
    sys.stdin.readline()
