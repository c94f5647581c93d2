"""The command line on a wall clock that can be set: `python -m tests.daemon.set_clock FILE ...`.

FILE holds by how many seconds the clock is off. Only the wall clock is: as when somebody sets it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tracker.cli import main

_true = time.time
_off = Path(sys.argv.pop(1))
time.time = lambda: _true() + float(_off.read_text("ascii"))

if __name__ == "__main__":
    main()
