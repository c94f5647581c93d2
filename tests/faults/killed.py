"""A recorder killed again and again: python -m tests.faults.killed DB SEED TOTAL_S KILLS DICE

Each life is a fork, so that fifty of them cost one import. It goes on where the database says,
reads the rest of the band's ring in batches, and is killed inside a transaction. A JSON line tells
how many died and the last of them, which lived to the end of the session.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

from tests.faults.dying import die_at
from tests.faults.undisturbed import BAND, Played, open_home, played

LONGEST_LIFE = 60  # statements; a live frame takes about two, an event four
LARGEST_BATCH = 6


def live(path: Path, session: Played, dice: random.Random) -> None:
    """Read the band on, a few frames at a time."""
    store, recorder = open_home(path)
    cursor = store.cursor(BAND)
    at = 0 if cursor is None else cursor.seq + 1
    recorder.receive([session.hello()])
    while at < len(session.frames):
        end = at + dice.randint(1, LARGEST_BATCH)
        recorder.receive(session.arrivals(at, end))
        at = end
    recorder.receive([session.asleep()])
    store.close()


def main(path: Path, session: Played, kills: int, dice: random.Random) -> dict[str, int]:
    """Live and die `kills` times, or fewer when the session is over before."""
    for died in range(kills):
        life = dice.randint(1, LONGEST_LIFE)
        pid = os.fork()
        if pid == 0:
            die_at(life)
            live(path, session, random.Random(died))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            return {"kills": died, "status": os.waitstatus_to_exitcode(status)}
        assert os.WTERMSIG(status) == signal.SIGKILL
    live(path, session, dice)
    return {"kills": kills, "status": 0}


if __name__ == "__main__":
    where, seed, total_s, kills_, dice_ = sys.argv[1:]
    told = main(
        Path(where), played(int(seed), float(total_s)), int(kills_), random.Random(int(dice_))
    )
    print(json.dumps(told))  # noqa: T201 - the parent reads it
