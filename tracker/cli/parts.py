"""The parts of the demo: Python processes that are told to end, and made to when they do not."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator

from tracker.errors import StretchbandError

STOP_S = 8.0
READY_S = 60.0  # a slow machine imports for long


class DemoError(StretchbandError):
    """A part of the demo did not do its part."""

    exit_status = 1


@contextlib.asynccontextmanager
async def process(name: str, *arguments: str) -> AsyncIterator[Process]:
    """A Python process, ended with the block. Raises DemoError when it died by itself."""
    with tempfile.TemporaryFile() as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=errors,
            start_new_session=True,  # Ctrl-C is for the demo, which then ends its parts in order
        )  # fmt: skip
        try:
            yield child
        finally:
            died = await last_status(child)
            await stop(child)
            if died not in (None, 0):
                errors.seek(0)
                lines = errors.read().decode("utf-8", "replace").strip().splitlines()
                raise DemoError(f"the {name} ended: {lines[-1] if lines else f'status {died}'}")


async def last_status(child: Process) -> int | None:
    """How it ended by itself, given a moment to be noticed; None while it runs."""
    if sys.exc_info()[0] is None:
        return child.returncode
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), 0.5)
    return child.returncode


async def stop(child: Process) -> None:
    """SIGTERM, and SIGKILL to what does not hear it."""
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    reading = asyncio.create_task(child.communicate())
    done, _ = await asyncio.wait([reading], timeout=STOP_S)
    if not done:
        child.kill()
    await reading


async def first_line(name: str, child: Process) -> str:
    """What it says when it is ready. Raises DemoError when it dies or says nothing for long."""
    assert child.stdout is not None
    try:
        async with asyncio.timeout(READY_S):
            line = await child.stdout.readline()
    except TimeoutError:
        raise DemoError(f"the {name} said nothing for {READY_S:.0f} s") from None
    if not line:
        raise DemoError(f"the {name} did not start")
    return line.decode("utf-8", "replace")
