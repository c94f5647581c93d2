"""A text for a bug report: what was found, on what, and nothing that is nobody's business."""

from __future__ import annotations

import platform
import re
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from tracker.config import Config
from tracker.doctor.finding import Finding
from tracker.plain import plain

_PACKAGES = ("stretchband", "bleak", "bleak-retry-connector", "bumble", "aiomqtt", "paho-mqtt")
_SECRET = "***"  # noqa: S105 - what stands in place of one
_ADDRESS = re.compile(r"\b([0-9A-F]{2}):(?:[0-9A-F]{2}:){4}([0-9A-F]{2})\b", re.IGNORECASE)
_UUID = re.compile(r"\b([0-9A-F]{8})(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\b", re.IGNORECASE)


class Redaction:
    """Takes out secrets, the home folder's name and the middle of Bluetooth addresses."""

    def __init__(self, secrets: Iterable[str | None]) -> None:
        # The longest first: one may be part of another.
        self._secrets = sorted({s for s in secrets if s}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _SECRET)
        home = str(Path.home())
        text = text if home == "/" else text.replace(home, "~")
        return _UUID.sub(r"\1-...", _ADDRESS.sub(r"\1:..:\2", text))


def report(config: Config, findings: Sequence[Finding], redacted: Redaction) -> str:
    """Lines to paste."""
    said = msgspec.to_builtins(config)
    del said["folder"]
    lines = [
        "stretchband doctor --report",
        "",
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"{platform.platform()}, {sys.platform}",
        "",
        *(f"{table}: {_said(said[table])}" for table in said if table != "bands"),
        *(f"band: {_said(band)}" for band in said["bands"]),
        "",
        *(finding.line for finding in findings),
    ]
    return "\n".join(plain(redacted(line)) for line in lines)


def _said(table: dict[str, object]) -> str:
    return ", ".join(f"{key}={value}" for key, value in table.items() if value is not None)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"
