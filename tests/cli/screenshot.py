"""Draws docs/img/demo.svg, the picture of the README: `python -m tests.cli.screenshot`.

A scripted session goes through the real detector into the real picture; the moment is in the middle
of the seventh hold.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from firmware_sim.motion import scripted
from tracker.cli.picture import Picture
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.mqtt.payloads import LivePoint

OUT = Path(__file__).parents[2] / "docs" / "img" / "demo.svg"
SEED, HOLDS, INTO_S, FRAME_S = 1, 6, 24.0, 0.5
CALMER = ((97, 175, 239), (198, 120, 221), (86, 182, 194), (171, 178, 191))
NIGHT = TerminalTheme(
    (16, 20, 24),
    (222, 226, 230),
    [(40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123), *CALMER],
)


def picture_in_a_hold() -> Picture:
    """The picture as it stands in the middle of a hold."""
    motion = scripted(SEED, 720.0)
    session = Session("demo")
    picture = Picture("stretchband · simulated band on a virtual radio", 30.0)
    picture.connected, picture.battery = True, 96
    now_s = 0.0
    while not is_the_moment(picture):
        now_s += FRAME_S
        samples = motion.read(now_s)
        for event in session.receive(Block(samples.t_s, samples.acc_g)):
            picture.hear(event)
        for point in session.take_live():
            picture.feel(LivePoint(point.t_s, point.angle_deg, point.breath_deg, point.phase))
    return picture


def is_the_moment(picture: Picture) -> bool:
    held, live = picture.held, picture.live
    if held is None or live is None or len(picture.holds) < HOLDS:
        return False
    return live.t_s - held.start_s > INTO_S


def main() -> None:
    """Write the file."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    console.print(picture_in_a_hold().render())
    OUT.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title="make demo", theme=NIGHT, unique_id="demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # nothing from outside
    OUT.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
