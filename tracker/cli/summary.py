"""What a session came to, after the demo."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tracker.cli.picture import CALM, SOFT, in_words, number
from tracker.store import History, Hold

MOST = 1000
_COUNTS = """
SELECT (SELECT count(*) FROM frames), (SELECT count(*) FROM events),
  (SELECT count(*) FROM events WHERE position >
    coalesce((SELECT position FROM outbox_cursors WHERE consumer = 'mqtt'), 0))
"""


def summary(past: History, kept: Path | None) -> RenderableType:
    """Every hold that is in the database, both legs side by side, and where to look on."""
    holds = [hold for hold in past.last_holds(None, MOST) if hold.duration_s is not None]
    holds.sort(key=lambda hold: (hold.boot_id, hold.start_s))
    rows: list[RenderableType] = [_by_leg(holds), Text(), _in_words(holds, past)]
    if kept is not None:
        rows.append(Text(f"stretchband history --db {kept}", style=SOFT))
        rows.append(Text(f"stretchband export holds --db {kept}", style=SOFT))
    return Panel(
        Group(*rows),
        title="what the history holds now",
        border_style=CALM,
        width=78,
        padding=(0, 2),
    )


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
        ("1 hold" if len(holds) == 1 else f"{len(holds)} holds", f"bold {CALM}"),
        f", {held_s:.0f} s held in all; {frames} frames and {events} events stored, {sent}",
    )
