"""Our programs as processes that start at once: forks of one that has imported what they need.

To import it takes most of a second of processor time, and the suite starts some hundreds of them.
Only the imports are shared: a fork has its own words, environment, files and memory, takes signals
and dies like any process. That a new Python comes as far is held where it is started by its
command: `tests/test_service.py`, `tests/cli/test_commands.py`, `tests/cli/test_demo.py` and
`tests/firmware_sim/test_process.py`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from io import FileIO
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.reduction import DupFd
from subprocess import CompletedProcess
from typing import Any

COMMANDS = ("analyze", "dashboard", "doctor", "pair", "run", "scan", "teach")
IMPORTED = (
    *("firmware_sim.band", "firmware_sim.control", "firmware_sim.hub", "firmware_sim.options"),
    *("tracker.bands.bumble_radio", "tracker.bands.link", "tracker.web.server"),
    *(f"tracker.cli.{command}" for command in COMMANDS),
)


class Forked:
    """One that runs, with what tests ask an `asyncio.subprocess.Process` for."""

    def __init__(
        self, process: ForkServerProcess, stdin: FileIO | None, stdout: _Said | None
    ) -> None:
        assert process.pid is not None
        self.pid: int = process.pid
        self.stdin = stdin
        self.stdout = None if stdout is None else stdout.reader
        self.returncode: int | None = None  # less than 0: the signal that it died of
        self._process = process
        self._stdout = stdout
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self.returncode = self._process.exitcode
        self._process.close()
        if self.stdin is not None:
            self.stdin.close()
        self._ended.set()

    async def wait(self) -> int:
        """Its status, when it has ended and all that it said is here."""
        await self._ended.wait()
        if self._stdout is not None:
            await self._stdout.all_here.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """What has ended hears nothing."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _Said(asyncio.StreamReaderProtocol):
    """The reading end of a standard output, until it is closed."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader(limit=2**26)  # never full, so the end is always seen
        self.all_here = asyncio.Event()
        super().__init__(self.reader)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.all_here.set()


async def forked(
    module: str,
    *words: str,
    stdin: int = DEVNULL,
    stdout: int = DEVNULL,
    stderr: int = DEVNULL,
    env: Mapping[str, str] | None = None,
) -> Forked:
    """`python -m MODULE WORDS`; stdin and stdout may be PIPE, all three an open file."""
    with ExitStack() as theirs:

        def keep(fd: int) -> int:
            theirs.callback(os.close, fd)
            return fd

        heard: FileIO | None = None
        if stdin == PIPE:
            its_end, our_end = os.pipe()
            stdin, heard = keep(its_end), FileIO(our_end, "w")
        said: _Said | None = None
        if stdout == PIPE:
            our_end, its_end = os.pipe()
            stdout, said = keep(its_end), _Said()
            loop = asyncio.get_running_loop()
            await loop.connect_read_pipe(lambda: said, FileIO(our_end))
        files = [keep(os.open(os.devnull, os.O_RDWR)) if fd == DEVNULL else fd
                 for fd in (stdin, stdout, stderr)]  # fmt: skip
        process = _server().Process(
            target=_become,
            args=(module, words, dict(os.environ if env is None else env), *map(_File, files)),
            daemon=True,
        )
        process.start()
    return Forked(process, heard, said)


async def run(
    module: str, *words: str, env: Mapping[str, str] | None = None, wait_s: float = 60.0
) -> CompletedProcess[str]:
    """`python -m MODULE WORDS` to its end, as `subprocess.run` does it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        files = (out.fileno(), err.fileno())
        process = await forked(module, *words, stdout=files[0], stderr=files[1], env=env)
        try:
            async with asyncio.timeout(wait_s):
                status = await process.wait()
        finally:
            process.send_signal(signal.SIGKILL)
        texts = [os.pread(file, 2**26, 0).decode() for file in files]
    return CompletedProcess(["python", "-m", module, *words], status, *texts)


@cache
def _server() -> ForkServerContext:
    """One for each worker, from its first fork to its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *IMPORTED])
    return context


class _File:
    """An open file on its way into a fork, where it is the number that it has there."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _detached, (DupFd(self._fd),)


def _detached(passed: Any) -> int:
    fd: int = passed.detach()
    return fd


def _become(module: str, words: Sequence[str], environment: Mapping[str, str], *files: int) -> None:
    """In the fork: be that program."""
    for number, fd in enumerate(files):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - these three stay open to the end
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
