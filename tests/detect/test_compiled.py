"""Does the compiled detector tell what the one in Python does? `make deep-compiled` asks.

python -m tests.detect.test_compiled    prints what whichever detector is found there tells
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from hatch_build import sources
from tracker.detect.events import to_json
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.recordings import read

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(__file__).parent / "recordings"
SETTINGS = {
    "as usual": Settings(),
    "any posture": Settings(any_posture=True, min_hold_s=1.5),
    "the left": Settings(side="left", target_s=10.0, session_gap_s=60.0),
    "one hold": Settings(as_hold=True),
}

pytestmark = pytest.mark.deep


def test_what_is_tested_is_the_compiled_one() -> None:
    for source in sources(ROOT):
        module = import_module(source.removesuffix(".py").replace("/", "."))
        assert str(module.__file__).endswith(tuple(EXTENSION_SUFFIXES)), source


def test_it_tells_the_same_as_the_one_in_python_to_the_byte() -> None:
    in_python = subprocess.run(
        [sys.executable, "-m", "tests.detect.test_compiled"],
        env=os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    said, *told = in_python.stdout.splitlines()
    assert said == str(ROOT / "tracker" / "detect" / "session.py")
    assert told == list(everything())


def everything() -> Iterator[str]:
    """Each event of each recording and simulated condition, with each setting, cut or whole."""
    blocks = {path.name: Block.join(list(read(path))) for path in sorted(RECORDINGS.glob("*.gz"))}
    for name, block in blocks.items():
        for setting, settings in SETTINGS.items():
            for size in (25, 100_000):
                folded = Session("band", settings=settings)
                events = [
                    event
                    for first in range(0, len(block), size)
                    for event in folded.receive(block.between(first, first + size))
                ]
                for event in [*events, *folded.close()]:
                    yield f"{name}, {setting}: {to_json(event).decode()}"


if __name__ == "__main__":
    found = str(sys.modules["tracker.detect.session"].__file__)
    sys.stdout.writelines(f"{line}\n" for line in (found, *everything()))
