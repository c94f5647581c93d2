"""Fixtures of the tests of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.mosquitto import mosquitto
from tests.web.page import browser

__all__ = ["mosquitto"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """One for all tests of a worker: to start it takes longer than most of them.

    Each looks through a window of its own, which shares nothing with others. Whose test uses it
    runs in the loop of the session.
    """
    async with browser() as one:
        yield one
