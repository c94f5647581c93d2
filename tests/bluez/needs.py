"""What the daemon and the page need of the lock, without the tools of the developer."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"
EXTRA = "dashboard"
# Of the machine that it is for: Debian trixie's.
PYTHON = "3.13"


def needs() -> str:
    """The entries of the lock, with their hashes, that `pip install .[dashboard]` takes."""
    wanted: set[str] = set()
    _follow("stretchband", wanted, EXTRA)
    return "".join(entry for name, entry in _entries() if name in wanted)


def _follow(name: str, wanted: set[str], extra: str = "") -> None:
    for line in requires(name) or ():
        one = Requirement(line)
        marker = one.marker
        if marker is None or marker.evaluate({"python_version": PYTHON, "extra": extra}):
            needed = canonicalize_name(one.name)
            if needed not in wanted:
                wanted.add(needed)
                _follow(needed, wanted)


def _entries() -> list[tuple[str, str]]:
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK.read_text("utf-8"), flags=re.MULTILINE)
    return [
        (canonicalize_name(re.split(r"[=\[; ]", block, maxsplit=1)[0]), block)
        for block in blocks
        if block
    ]
