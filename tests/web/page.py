"""The page's server as a process, and a real Chromium that looks at it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.forked import Forked, forked
from tests.store.filling import new_store

TABLET = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
SCREEN = ViewportSize(width=1920, height=1080)
PASSWORD = "open-sesame-4711"  # noqa: S105 - of pages that live for one test


def chromium() -> str:
    """The browser's path; skips the test without it, or fails it in CI."""
    found = shutil.which("chromium")
    if found is not None:
        return found
    reason = "chromium is not installed (Debian: apt install chromium)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def served(folder: Path, port: int, *more: str) -> AsyncIterator[str]:
    """As `serving`; the page's address alone."""
    async with serving(folder, port, *more) as (address, _):
        yield address


@asynccontextmanager
async def guarded(folder: Path, port: int) -> AsyncIterator[str]:
    """The same of an empty history, for who knows PASSWORD."""
    new_store(folder / "history.db").close()
    (folder / "word").write_text(f"{PASSWORD}\n", "utf-8")
    async with served(folder, port, '[dashboard]\npassword_file = "word"') as address:
        yield address


@asynccontextmanager
async def serving(folder: Path, port: int, *more: str) -> AsyncIterator[tuple[str, Forked]]:
    """`stretchband dashboard` on any free port, the database in the folder: where, its process."""
    config = folder / "page.toml"
    text = f'[store]\npath = "history.db"\n[mqtt]\nport = {port}\nkeepalive_s = 2\n'
    config.write_text(text + "\n".join(more) + "\n", "utf-8")
    words = ("dashboard", "--config", str(config), "--port", "0")
    with (folder / "page.log").open("ab") as errors:
        process = await forked("tracker", *words, stdout=PIPE, stderr=errors.fileno())
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        found = re.search(r"http://\S+", line)
        assert found, (folder / "page.log").read_text("utf-8")
        yield found[0], process
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0, (folder / "page.log").read_text("utf-8")


async def until(page: Page, condition: str, wait_s: float = 30.0) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's `wait_for_function` evaluates its text again in the page for each look after the
    first, which the page's own policy forbids: it works only where the condition is true at once.
    """
    async with asyncio.timeout(wait_s):
        while not await page.evaluate(condition):
            await page.evaluate("() => new Promise(requestAnimationFrame)")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        # Without a sandbox of its own: CI runs as root, and it sees nothing but our page.
        # Without a graphics card played by software: a fifth less work, the same page.
        words = ["--no-sandbox", "--disable-gpu"]
        opened = await playwright.chromium.launch(executable_path=path, args=words)
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def looking(
    one: Browser,
    address: str,
    size: ViewportSize = TABLET,
    *,
    dark: bool = False,
    read: bool = True,
    first: str = "",
) -> AsyncIterator[Page]:
    """The page in a fresh window; fails for any error or refused script.

    read: the cautions. first: a script that runs before those of the page.
    """
    context = await one.new_context(viewport=size, color_scheme="dark" if dark else "light")
    page = await context.new_page()
    await page.add_init_script(first)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Policy" in said.text else None)
    try:
        await page.goto(address)
        if read:
            await page.get_by_role("button", name="I have read this").click()
        yield page
        assert errors == []
    finally:
        await context.close()
