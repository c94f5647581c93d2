"""A fork of the suite does what its command does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests import forked


@pytest.mark.parametrize(
    "words",
    [
        ("tracker", "--version"),
        ("tracker", "history"),
        ("tracker", "run"),
        ("firmware_sim", "--listen", "nowhere"),
    ],
    ids=" ".join,
)
async def test_a_fork_says_and_ends_as_its_command_does(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "COLUMNS": "250"}
    command = [sys.executable, "-m", *words]
    done = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True)
    fork = await forked.run(*words, env=env)
    assert fork.returncode == done.returncode
    assert (fork.stdout, fork.stderr) == (done.stdout, done.stderr)


async def test_a_fork_hears_speaks_and_dies_of_a_signal(tmp_path: Path) -> None:
    words = ("--listen", f"unix:{tmp_path / 'air'}", "--control")
    one = await forked.forked("firmware_sim", *words, stdin=PIPE, stdout=PIPE)
    assert one.stdin is not None
    assert one.stdout is not None
    assert b"ready" in await one.stdout.readline()
    one.stdin.write(b"{}\n")
    assert b"told" in await one.stdout.readline()
    one.send_signal(signal.SIGKILL)
    assert await one.wait() == one.returncode == -signal.SIGKILL
    assert await one.stdout.read() == b""
