"""What a session came to, after the demo."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tracker.cli.picture import CALM, SOFT, in_words, number
from tracker.store import History, Hold
from tracker.words import count

MOST = 1000
_COUNTS = """
SELECT (SELECT count(*) FROM frames), (SELECT count(*) FROM events),
  (SELECT count(*) FROM events WHERE position >
    coalesce((SELECT position FROM outbox_cursors WHERE consumer = 'mqtt'), 0))
"""


def summary(past: History) -> RenderableType:
    """Every hold that is in the database, both legs side by side."""
    holds = [hold for hold in past.last_holds(None, MOST) if hold.duration_s is not None]
    holds.sort(key=lambda hold: (hold.boot_id, hold.start_s))
    return Panel(
        Group(_by_leg(holds), Text(), _in_words(holds, past)),
        title="what the history holds now",
        border_style=CALM,
        width=78,
        padding=(0, 2),
    )


def look_on(kept: Path) -> Iterator[str]:
    """The commands that show more of a history that is kept."""
    for command in ("dashboard", "history", "export holds"):
        yield f"stretchband {command} --db {shlex.quote(str(kept))}"


def _by_leg(holds: list[Hold]) -> Table:
    table = Table(box=None, pad_edge=False, header_style=SOFT, expand=True)
    table.add_column("stretch")
    for side in ("left leg", "right leg"):
        table.add_column(side, justify="right")
        table.add_column("breaths a minute", justify="right")
    for stretch in dict.fromkeys(hold.stretch for hold in holds):
        cells = [in_words(stretch)]
        for side in ("left", "right"):
            mine = [hold for hold in holds if hold.stretch == stretch and hold.side == side]
            rates = [hold.breath_rate_bpm for hold in mine if hold.breath_rate_bpm is not None]
            cells.append(", ".join(f"{hold.duration_s:.0f} s" for hold in mine) or "–")
            cells.append(number(sum(rates) / len(rates) if rates else None, "{:.1f}"))
        table.add_row(*cells)
    return table


def _in_words(holds: list[Hold], past: History) -> Text:
    held_s = sum(hold.duration_s or 0.0 for hold in holds)
    (frames, events, waiting), *_ = past.rows(_COUNTS, ())
    sent = "all of them published" if not waiting else f"{waiting} not published yet"
    return Text.assemble(
        (count(len(holds), "hold"), f"bold {CALM}"),
        f", {held_s:.0f} s held in all; {count(frames, 'frame')} and {count(events, 'event')}",
        f" stored, {sent}",
    )
