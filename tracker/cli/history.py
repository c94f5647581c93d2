"""`stretchband history`: the last days, the balance of the legs, the last holds, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tracker.cli.bars import bar, share_bar
from tracker.cli.database import DbOption, database_path
from tracker.store import DayTotals, History, Hold, StretchTotal, balance, side_s
from tracker.words import count

BAR_CELLS = 40
BALANCE_CELLS = 24
LAST_HOLDS = 5
DAYS_ONE_BY_ONE = 14
EVEN = 0.05  # a share this near to a half is called even
UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Amount:
    """What was held in a day or a week."""

    name: str
    hold_s: float
    holds: int


def history(
    *,
    db: DbOption = None,
    days: Annotated[
        int, typer.Option(min=1, max=366, help="How many days, today the last of them.")
    ] = 7,
    band: Annotated[str | None, typer.Option(metavar="ID", help="Of this band only.")] = None,
) -> None:
    """Show what was held these days, by stretch and leg.

    And the days in a row, the balance of the legs, and how the last holds went.
    """
    console = Console(highlight=False)
    today = datetime.now().astimezone().date()
    with History.open(database_path(db)) as past, past.snapshot():
        if band is not None:
            past.band(band)
        console.print(page(past, band, today, days, plain=console.options.ascii_only))


def page(
    past: History, band: str | None, today: date, days: int, *, plain: bool = False
) -> RenderableType:
    """The whole picture, 80 columns wide; plain: in ASCII."""
    last_holds = past.last_holds(band, LAST_HOLDS)
    if not last_holds:
        return Text("No hold yet. Put the band on, lie down, and raise a leg.")
    first = today - timedelta(days=days - 1)
    each_day = [past.day_totals(band, first + timedelta(days=n), None) for n in range(days)]
    return Group(
        _title(first, each_day[-1]),
        _amounts(each_day, plain=plain),
        Text(),
        _stretches(past.totals(band, first, today), plain=plain),
        _calmest(past.longest_calm_hold(band, first, today)),
        Text(),
        _holds(last_holds, plain=plain),
    )


def _title(first: date, today: DayTotals) -> RenderableType:
    days = today.streak_days
    line = Text(f"{_day(first)} to {_day(today.day)}", style="bold")
    if days:
        line.append(f"   {count(days, 'day')} in a row", style="cyan")
    return line


def _amounts(each_day: Sequence[DayTotals], *, plain: bool) -> RenderableType:
    """A bar a day; a bar a week where the days are too many to look at."""
    amounts = _days(each_day) if len(each_day) <= DAYS_ONE_BY_ONE else _weeks(each_day)
    longest_s = max(amount.hold_s for amount in amounts) or 1.0
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(width=BAR_CELLS)
    table.add_column(justify="right", width=6)
    table.add_column(justify="right", width=9)
    for amount in amounts:
        table.add_row(
            amount.name,
            Text(bar(amount.hold_s / longest_s, BAR_CELLS, plain=plain), style="green"),
            _clock(amount.hold_s) if amount.holds else "",
            count(amount.holds, "hold") if amount.holds else "",
        )
    return table


def _days(each_day: Sequence[DayTotals]) -> list[Amount]:
    return [Amount(_day(day.day), day.hold_s, day.holds) for day in each_day]


def _weeks(each_day: Sequence[DayTotals]) -> list[Amount]:
    weeks: dict[date, list[DayTotals]] = {}
    for day in each_day:
        weeks.setdefault(day.day - timedelta(days=day.day.weekday()), []).append(day)
    return [
        Amount(f"from {_day(monday)}", sum(d.hold_s for d in found), sum(d.holds for d in found))
        for monday, found in weeks.items()
    ]


def _stretches(totals: tuple[StretchTotal, ...], *, plain: bool) -> RenderableType:
    """Minutes by stretch and leg, and which leg had more; nothing when nothing was held."""
    if not totals:
        return Text("Nothing was held on these days.")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("stretch", width=15)
    table.add_column("left", justify="right", width=6)
    table.add_column("right", justify="right", width=6)
    table.add_column("left" + "right".rjust(BALANCE_CELLS - 4), width=BALANCE_CELLS)
    table.add_column("")
    for stretch in dict.fromkeys(total.stretch for total in totals):
        of_one = tuple(total for total in totals if total.stretch == stretch)
        table.add_row(_name(stretch), *_legs(of_one, plain=plain))
    table.add_row("together", *_legs(totals, plain=plain), style="bold")
    return table


def _legs(totals: tuple[StretchTotal, ...], *, plain: bool) -> tuple[RenderableType, ...]:
    left_s, right_s = side_s(totals, "left"), side_s(totals, "right")
    share = balance(left_s, right_s)
    either_s = sum(total.hold_s for total in totals if total.side is None)
    if share is None:
        return UNKNOWN, UNKNOWN, "", f"{_clock(either_s)}, leg not known"
    left, right = share_bar(share, BALANCE_CELLS, plain=plain)
    picture = Text.assemble((left, "blue"), (right, "magenta"))
    return _clock(left_s), _clock(right_s), picture, _lean(share)


def _lean(share: float) -> str:
    if abs(share - 0.5) <= EVEN:
        return "even"
    return f"left {share:.0%}" if share > 0.5 else f"right {1 - share:.0%}"


def _calmest(hold: Hold | None) -> RenderableType:
    if hold is None or hold.started_at is None:
        return Text("No calm hold on these days.", style="dim")
    return Text.assemble(
        "Longest calm hold: ",
        (_clock(hold.duration_s or 0.0), "bold green"),
        f", {_name(hold.stretch)} {hold.side or ''}".rstrip(),
        f", {_moment(hold.started_at)}",
    )


def _holds(holds: Sequence[Hold], *, plain: bool) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("last holds", "stretch", "leg"):
        table.add_column(name)
    for name in ("held", "angle", "deeper", "breaths", "a minute"):
        table.add_column(name, justify="right")
    degree = " deg" if plain else "\N{DEGREE SIGN}"
    for hold in holds:
        table.add_row(
            UNKNOWN if hold.started_at is None else _moment(hold.started_at),
            _name(hold.stretch),
            hold.side or UNKNOWN,
            UNKNOWN if hold.duration_s is None else _clock(hold.duration_s),
            _number(hold.angle_deg, "{:.0f}", degree),
            _number(hold.depth_gain_deg, "{:+.1f}", degree),
            _number(hold.breaths, "{}"),
            _number(hold.breath_rate_bpm, "{:.1f}"),
        )
    return table


def _number(value: float | None, form: str, unit: str = "") -> str:
    return UNKNOWN if value is None else form.format(value) + unit


def _clock(seconds: float) -> str:
    """`4:05` minutes, `1:04:05` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _name(stretch: str) -> str:
    return stretch.replace("_", " ")


def _day(day: date) -> str:
    return f"{day:%a %d %b}"


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone():%a %d %b %H:%M}"
