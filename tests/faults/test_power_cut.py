"""The host loses its power while the history is written."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import power_cut
from tests.faults.undisturbed import (
    Tally,
    faults_of,
    open_home,
    played,
    resume,
    stored,
    undisturbed,
)

ROOT = Path(__file__).parents[2]
SESSION = (3, 160.0)
CUTS = 8


def write_on(path: Path) -> None:
    """The child's work: a session, two frames at a time."""
    _store, recorder = open_home(path)
    session = played(*SESSION)
    recorder.receive([session.hello()])
    for first in range(0, len(session.frames), 2):
        recorder.receive(session.arrivals(first, first + 2))
        print("two more", flush=True)  # noqa: T201 - the parent counts them
    recorder.receive([session.asleep()])
    time.sleep(60)  # its files stay open, as those of a daemon do


@contextmanager
def writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    code = f"from {__name__} import write_on; from pathlib import Path; import sys;"
    code += "write_on(Path(sys.argv[1]))"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def test_a_history_found_after_a_power_cut_opens_clean_and_goes_on_to_the_same(
    tmp_path: Path,
) -> None:
    dice = random.Random(6)
    cuts: list[Path] = []
    with writer(tmp_path / "history.db") as child:
        for number in range(CUTS):
            assert child.stdout is not None
            for _ in range(dice.randint(1, 35)):
                assert child.stdout.readline(), "it was to be cut in the middle: write more"
            cuts.append(power_cut.cut(child.pid, tmp_path / "history.db", tmp_path / str(number)))
        assert child.poll() is None
    torn = 0
    found = set()
    for number, path in enumerate(cuts):
        if number % 2:
            torn += power_cut.lose_unsynced(path, dice) > 0
        power_cut.forget_memory(path)
        assert faults_of(path) == []
        found.add(resume(path, played(*SESSION)))
        assert faults_of(path) == []
        tally = Tally()
        tally.count(stored(path), undisturbed(*SESSION))
        assert tally.whole, (number, tally)
        assert tally.doubled == 0
    assert torn > 0
    assert len(found) > 3, "the cuts were at different moments"
