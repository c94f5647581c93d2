"""The live picture in the terminal: what a hold looks like while it lasts.

A fold over messages, like everything else: `hear` takes one in, `render` draws what is known.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rich.align import Align
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tracker.detect.events import (
    Breath,
    DropReason,
    Event,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    Rep,
    SessionEnded,
    Side,
    TargetReached,
)
from tracker.mqtt.payloads import LivePoint
from tracker.words import count

CALM = "spring_green3"
WARM = "orange3"
SOFT = "grey58"
BLOCKS = " ▁▂▃▄▅▆▇█"
WAVE_ROWS = 3
WAVE_STEP_S = 0.38  # every fourth of ten points a second: two or three breaths in sight
BAR_CELLS = 44
SHOWN_HOLDS = 8
WHY_NONE: dict[DropReason | None, str] = {
    "short": "too short to count",
    "rest": "that was the rest, no hold",
    "lifeless": "nobody's leg is in the band",
    None: "no hold after all",
}


@dataclass(slots=True)
class Picture:
    """Everything the terminal shows."""

    title: str
    target_s: float
    width: int = 72
    held: HoldStarted | None = None
    holds: list[HoldEnded] = field(default_factory=list)
    breaths: int = 0
    reps: int = 0
    events: int = 0
    reached: set[str] = field(default_factory=set)
    live: LivePoint | None = None
    wave: deque[float] = field(default_factory=lambda: deque(maxlen=BAR_CELLS))
    wave_s: float = 0.0
    battery: int | None = None
    connected: bool = False
    said: str = "waiting for the band"

    def hear(self, event: Event) -> None:
        """Take an event in."""
        self.events += 1
        match event:
            case HoldStarted():
                self.held, self.breaths = event, 0
                self.wave.clear()
                self.said = "hold it, calmly"
            case TargetReached():
                self.reached.add(event.hold_id)
                self.said = "target reached: every second more is a gift, none is owed"
            case Breath():
                self.breaths = event.number
            case Rep():
                self.reps += 1
                self.said = "exhale and straighten, inhale and relax"
            case HoldDropped():
                self.held = None
                self.said = WHY_NONE[event.reason]
            case HoldEnded():
                self.held = None
                self.holds.append(event)
                self.said = "let go and rest"
            case SessionEnded():
                self.said = f"session over: {count(event.holds, 'hold')}, {event.hold_s:.0f} s"
            case _:
                pass

    def feel(self, live: LivePoint) -> None:
        """Take a point of the leg's motion in."""
        self.live = live
        if live.breath_deg is None or self.held is None:
            return
        # A column of the wave is 0.4 s, so that it shows the last two or three breaths.
        if not self.wave or live.t_s - self.wave_s >= WAVE_STEP_S:
            self.wave.append(live.breath_deg)
            self.wave_s = live.t_s

    def render(self) -> RenderableType:
        """The whole picture, for a terminal of 80 by 24."""
        rows = [self._headline(), Text(), self._bar(), Text(), *self._breath(), Text()]
        return Panel(
            Group(*rows, self._done(), Text(), self._balance(), self._foot()),
            title=self.title,
            border_style=CALM if self.held else SOFT,
            width=self.width + 6,
            padding=(0, 2),
        )

    def _headline(self) -> RenderableType:
        grid = Table.grid(expand=True)
        grid.add_column()
        grid.add_column(justify="right")
        if self.held is not None:
            name = Text(f"{in_words(self.held.stretch)}", style=f"bold {CALM}")
            name.append(f"  {leg(self.held.side)}", style="bold")
        else:
            name = Text(self.said, style=SOFT)
        angle = self.live.angle_deg if self.live and self.held else None
        grid.add_row(name, Text("" if angle is None else f"{angle:.0f}°", style=SOFT))
        return grid

    def _bar(self) -> RenderableType:
        lasted = self._lasted_s()
        line = Text()
        if lasted is None:
            return line.append("─" * BAR_CELLS, style="grey30")
        lap = lasted / self.target_s
        line.append_text(filled(min(lap, 1.0), BAR_CELLS, CALM))
        line.append(f"  {lasted:3.0f} s", style="bold")
        if lap < 1:
            line.append(f"  of {self.target_s:.0f}", style=SOFT)
        else:
            line.append(f"  ✓ {self.target_s:.0f}", style=WARM)
        return line

    def _breath(self) -> list[RenderableType]:
        phase = self.live.phase if self.live and self.held else ""
        word = phase if phase in ("exhale", "inhale") else ""
        rows = wave_rows(list(self.wave), BAR_CELLS, WAVE_ROWS)
        labels = ["", word, count(self.breaths, "breath") if self.held else ""]
        return [
            Text.assemble((row, "sky_blue2" if self.held else "grey30"), "  ", (label, "bold"))
            for row, label in zip(rows, labels, strict=True)
        ]

    def _done(self) -> RenderableType:
        table = Table(box=None, pad_edge=False, header_style=SOFT)
        table.add_column("hold", width=13)
        table.add_column("leg", width=6)
        for name in ("length", "angle", "deeper", "breaths", "a minute"):
            table.add_column(name, justify="right", width=8, no_wrap=True)
        for hold in self.holds[-SHOWN_HOLDS:]:
            mark = " ✓" if hold.hold_id in self.reached else "  "
            table.add_row(
                in_words(hold.stretch),
                hold.side or "–",
                Text(f"{hold.duration_s:.0f} s{mark}", style=CALM),
                number(hold.angle_deg, "{:.0f}°"),
                number(hold.depth_gain_deg, "{:+.1f}°"),
                str(hold.breaths),
                number(hold.breath_rate_bpm, "{:.1f}"),
            )
        for _ in range(SHOWN_HOLDS - len(self.holds)):
            table.add_row("")
        return table

    def _balance(self) -> RenderableType:
        left, right = (
            sum(h.duration_s for h in self.holds if h.side == s) for s in ("left", "right")
        )
        share = left / (left + right) if left + right else 0.5
        cells = round(share * 40)
        bar = Text.assemble(("█" * cells, "sky_blue2"), ("░" * (40 - cells), WARM))
        return Align.center(
            Text(f"left {left:3.0f} s ").append_text(bar).append(f" {right:3.0f} s right")
        )

    def _foot(self) -> RenderableType:
        grid = Table.grid(expand=True)
        grid.add_column()
        grid.add_column(justify="right")
        band = Text("● band " if self.connected else "○ band: no signal ")
        band.stylize(CALM if self.connected else WARM)
        if self.battery is not None:
            band.append(f"{self.battery} %", style=SOFT)
        said = f"{count(self.reps, 'straightening')} · {count(self.events, 'event')}"
        grid.add_row(band, Text(said, style=SOFT))
        return grid

    def _lasted_s(self) -> float | None:
        if self.held is None:
            return None
        now_s = max(self.live.t_s if self.live else 0.0, self.held.t_s)
        return now_s - self.held.start_s


def in_words(stretch: str) -> str:
    """`inner_thigh` as a person says it."""
    return stretch.replace("_", " ")


def leg(side: Side | None) -> str:
    """`left leg`, or nothing when it is not known."""
    return f"{side} leg" if side else ""


def number(value: float | None, form: str) -> str:
    """A figure, or a dash for what is not known."""
    return "–" if value is None else form.format(value)


def filled(share: float, cells: int, style: str) -> Text:
    """A bar of `cells` cells of which `share` is full, to an eighth of a cell."""
    eighths = round(share * cells * 8)
    full, rest = divmod(eighths, 8)
    part = " ▏▎▍▌▋▊▉"[rest] if rest else ""
    bar = Text("█" * full + part, style=style)
    return bar.append("·" * (cells - len(bar)), style="grey30")


def wave_rows(values: list[float], cells: int, rows: int) -> list[str]:
    """A curve of block characters, newest at the right, scaled to its own swing.

    The scale leaves a tenth at either end out, so that one start does not flatten the breath.
    """
    values = values[-cells:]
    ordered = sorted(values) or [0.0]
    low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    swing = max(1.25 * (high - low), 0.4)  # below 0.4 degrees a breath is drawn flat, not blown up
    floor = (low + high - swing) / 2
    levels = [round(min(max((v - floor) / swing, 0.0), 1.0) * (rows * 8 - 1)) + 1 for v in values]
    lines = []
    for row in reversed(range(rows)):
        cut = [BLOCKS[min(max(level - row * 8, 0), 8)] for level in levels]
        lines.append("".join(cut).rjust(cells))
    return lines
