"""A real Home Assistant in a chroot, started, restarted and asked what it knows."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BLUEPRINTS = HERE.parents[1] / "config" / "homeassistant" / "blueprints"
FOLDER = Path(os.environ.get("STRETCHBAND_HA") or Path.home() / ".cache" / "stretchband-ha")
START_S = 240.0  # the first start installs what its integrations need
WAIT_S = 60.0

Known = dict[str, Any]


def prepared() -> Path:
    """The chroot's root; made where it is missing. Skips where it cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("a chroot needs root")
    command = ["bash", str(HERE / "prepare.sh"), str(FOLDER)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"Home Assistant could not be installed: {done.stderr[-2000:]}")
    return FOLDER / "root"


class Home:
    """One Home Assistant against the broker on `port`."""

    def __init__(self, root: Path, port: int) -> None:
        self._root = root
        self._config = root / "cfg"
        shutil.rmtree(self._config, ignore_errors=True)
        shutil.copytree(HERE / "house", self._config)
        shutil.copytree(BLUEPRINTS, self._config / "blueprints")
        storage = self._config / ".storage"
        storage.mkdir()
        entry = (HERE / "core.config_entries.json").read_text("utf-8")
        (storage / "core.config_entries").write_text(entry.replace('"PORT"', str(port)), "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `until` tells when it is there."""
        (self._config / "known.json").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["chroot", self._root, "/ha/bin/hass", "-c", "/cfg"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k != "PIP_FIND_LINKS"},
        )

    def stop(self) -> None:
        """End it in order; kill it if it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(WAIT_S)

    def known(self) -> Known:
        """What it knew a quarter of a second ago; nothing before it has started."""
        try:
            known: Known = json.loads((self._config / "known.json").read_text("utf-8"))
        except FileNotFoundError:
            return {"states": {}, "devices": {}, "triggers": []}
        return known

    def state(self, entity_id: str) -> str | None:
        """The state of one entity, None when there is none."""
        found = self.known()["states"].get(entity_id)
        return None if found is None else found["state"]

    async def press(self, domain: str, action: str, entity_id: str, **data: str) -> None:
        """Do what a finger on a dashboard does."""
        order = {"domain": domain, "action": action, "data": {"entity_id": entity_id, **data}}
        orders = self._config / "do.json"
        new = orders.with_suffix(".new")
        new.write_text(json.dumps(order), "utf-8")
        new.rename(orders)
        async with asyncio.timeout(WAIT_S):
            while orders.exists():  # noqa: ASYNC110 - another process takes it
                await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[Known], bool], limit_s: float = WAIT_S) -> Known:
        """What it knows once the condition holds."""
        known = self.known()
        try:
            async with asyncio.timeout(limit_s):
                while not condition(known):
                    assert self._process is None or self._process.poll() is None, self.log
                    await asyncio.sleep(0.1)
                    known = self.known()
        except TimeoutError:
            states = {key: value["state"] for key, value in known["states"].items()}
            pytest.fail(f"not within {limit_s:g} s; {states}")
        return known

    @property
    def log(self) -> str:
        """Everything it has said."""
        return (self._config / "home-assistant.log").read_text("utf-8", "replace")

    def complaints(self) -> list[str]:
        """Warnings and errors of its log, other than of this house itself."""
        own = ("custom integration tell", "zlib_ng")
        return [
            line
            for line in self.log.splitlines()
            if (" WARNING " in line or " ERROR " in line) and not any(o in line for o in own)
        ]
