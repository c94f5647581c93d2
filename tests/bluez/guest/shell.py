"""Does what the test asks for, inside the machine: a JSON line in, a JSON line out.

                                                            {"id": 0} once it listens
    {"id": 1, "run": ["rfkill"], "limit_s": 60}             -> {"id": 1, "status": 0, "out": "..."}
    {"id": 2, "start": ["bluetoothd", "-n"], "log": FILE}   -> {"id": 2, "pid": 123}
    {"id": 3, "signal": 9, "pid": 123}                      -> {"id": 3}
    {"id": 4, "wait": 123, "limit_s": 10}                   -> {"id": 4, "status": -9}

"user" beside "run" and "start" is who does it. An answer has "error" when it could not be done.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from typing import Any


class Shell:
    """Answers each line on its own, so that a long one keeps nobody waiting."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._started: dict[int, Process] = {}
        self._answering: set[asyncio.Task[None]] = set()

    def hear(self, line: bytes) -> None:
        task = asyncio.create_task(self._answer(json.loads(line)))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, asked: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(asked.get("limit_s")):
                answer = await self._do(asked)
        except (OSError, KeyError, TimeoutError) as error:
            answer = {"error": f"{type(error).__name__} {error}"}
        self.say(id=asked["id"], **answer)

    def say(self, **what: Any) -> None:
        said = json.dumps(what).encode() + b"\n"
        while said:
            said = said[os.write(self._port, said) :]

    async def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked:
            case {"run": argv}:
                return await self._run(argv, asked.get("user"))
            case {"start": argv, "log": log}:
                sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                try:
                    process = await asyncio.create_subprocess_exec(
                        *argv, stdin=DEVNULL, stdout=sink, stderr=STDOUT, **_as(asked.get("user"))
                    )
                finally:
                    os.close(sink)
                self._started[process.pid] = process
                return {"pid": process.pid}
            case {"signal": number, "pid": pid}:
                self._started[pid].send_signal(number)
                return {}
            case {"wait": pid}:
                return {"status": await self._started[pid].wait()}
        raise KeyError(asked)

    async def _run(self, argv: list[str], user: str | None) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, **_as(user)
        )
        try:
            out, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        return {"status": process.returncode, "out": out.decode("utf-8", "replace")}


def _as(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


async def main(path: str) -> None:
    """For ever: the machine ends with its first process."""
    port = os.open(path, os.O_RDWR)
    shell = Shell(port)
    loop = asyncio.get_running_loop()
    said = b""
    shell.say(id=0)
    while True:
        said += await loop.run_in_executor(None, os.read, port, 65536)
        *lines, said = said.split(b"\n")
        for line in lines:
            shell.hear(line)


asyncio.run(main(sys.argv[1]))
