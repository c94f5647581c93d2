"""Mosquitto as its own process, to be stopped, killed, frozen and restarted by tests.

Where it is not installed these tests are skipped with the reason; in CI (CI=true) they fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

HOST = "127.0.0.1"
START_S = 10.0


def program(name: str) -> str:
    """The path of a program of Mosquitto; skips the test without it, or fails it in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is not None:
        return found
    reason = f"{name} is not installed (Debian: apt install mosquitto mosquitto-clients)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """One broker. lines: its configuration beside port and persistence; anonymous without any."""

    host = HOST

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        self._program = program("mosquitto")
        self.folder = folder
        self.port = free_port() if port is None else port
        self._data = folder / "data"
        self._config = folder / "mosquitto.conf"
        self._log = folder / "mosquitto.log"
        self.configure(*(lines or ("allow_anonymous true",)))
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, *lines: str) -> None:
        """Write the configuration; what the broker can reload counts after `reload`."""
        own = [
            f"listener {self.port} {HOST}",
            "persistence true",
            f"persistence_location {self._data}/",
            "log_dest stderr",
            "log_type all",
        ]
        if os.geteuid() == 0:
            own.insert(0, "user root")  # else it would become a user that cannot read the folder
        self._config.write_text("\n".join([*own, *lines, ""]), "utf-8")

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text("utf-8", "replace")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        assert self._process is None
        self._data.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(f"mosquitto did not start:\n{self.log[-2000:]}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with closing(socket.create_connection((HOST, self.port), timeout=1)):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """End it in order: it keeps retained messages for the next start."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            process.wait(START_S)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        """SIGHUP: read access rules and passwords again."""
        os.kill(self.pid, signal.SIGHUP)

    def restart(self, *, empty: bool = False) -> None:
        """Stop and start on the same port; empty: it has forgotten everything."""
        self.stop()
        if empty:
            self.forget()
        self.start()

    def forget(self) -> None:
        """While it is stopped: nothing is left of retained messages and sessions."""
        shutil.rmtree(self._data)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker for anyone on 127.0.0.1."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.kill()
