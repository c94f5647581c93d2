"""A process that is killed in the middle of a transaction, at a statement that is chosen before.

python -m tests.faults.dying N run --config FILE     `stretchband run`, killed at its Nth
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from typing import Any


def die_at(statement: int) -> None:
    """SIGKILL for this process as SQLite begins its so manieth statement inside transactions."""
    connect = sqlite3.connect
    left = statement

    def connect_and_count(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)

        def before(_sql: str) -> None:
            nonlocal left
            if connection.in_transaction:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        connection.set_trace_callback(before)
        return connection

    sqlite3.connect = connect_and_count  # type: ignore[assignment]


if __name__ == "__main__":
    die_at(int(sys.argv[1]))
    from tracker.cli import main

    sys.argv = ["stretchband", *sys.argv[2:]]
    main()
