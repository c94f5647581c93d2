from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from firmware_sim import motion as motions
from firmware_sim.firmware import Firmware
from firmware_sim.motion import Samples, scripted
from firmware_sim.ring import Ring
from tests.detect.leg import SESSION, samples
from tracker.bands.stretchband import decode_frame
from tracker.cli.analyze import analyze, fold
from tracker.detect.events import HoldEnded
from tracker.detect.samples import BAND_AXES, Block
from tracker.detect.session import Session

app = typer.Typer()
app.command()(analyze)


def recording(folder: Path, block: Block | None = None) -> Path:
    block = block or samples(SESSION, breath_deg=1.5)
    file = folder / "evening.csv"
    lines = [
        f"{t:.4f},{x:.5f},{y:.5f},{z:.5f}"
        for t, (x, y, z) in zip(block.t_s.tolist(), block.acc_g.tolist(), strict=True)
    ]
    file.write_text("\n".join(["time_s,x_g,y_g,z_g", *lines]) + "\n")
    return file


def events(*arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_is_one_event_a_line_and_nothing_else(tmp_path: Path) -> None:
    found = events(str(recording(tmp_path)))
    kinds = [event["event"] for event in found]
    assert kinds[0] == "worn"
    assert kinds[-2:] == ["hold_ended", "session_ended"] or kinds[-1] == "session_ended"
    assert {event["band_id"] for event in found} == {"evening"}
    (hold,) = (event for event in found if event["event"] == "hold_ended")
    assert (hold["stretch"], hold["side"]) == ("hamstring", "right")


def test_a_person_gets_a_table(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(recording(tmp_path))])
    assert result.exit_code == 0
    assert "evening.csv: 1 hold" in result.stdout
    assert "hamstring" in result.stdout
    assert "right" in result.stdout


def test_the_table_is_whole_on_a_terminal_of_80_columns(tmp_path: Path) -> None:
    late = samples(SESSION, breath_deg=1.5)
    late = Block(late.t_s + 6000.0, late.acc_g)
    shown = CliRunner().invoke(app, [str(recording(tmp_path, late))], env={"COLUMNS": "80"}).stdout
    assert "per min" in shown
    assert "100:" in shown
    assert "…" not in shown


def test_the_options_reach_the_detector(tmp_path: Path) -> None:
    file = str(recording(tmp_path))
    assert not [e for e in events(file, "--min-hold", "60") if e["event"] == "hold_ended"]
    (hold,) = (e for e in events(file, "--as-hold") if e["event"] == "hold_ended")
    assert hold["start_s"] == pytest.approx(0.0, abs=0.3)
    (hold,) = (e for e in events(file, "--side", "left") if e["event"] == "hold_ended")
    assert (hold["stretch"], hold["side"]) == ("prone_quad", "left")
    assert events(file, "--band-id", "band7")[0]["band_id"] == "band7"


def test_another_mounting_is_turned_back(tmp_path: Path) -> None:
    block = samples(SESSION)
    turned = Block(block.t_s, block.acc_g[:, [1, 2, 0]])
    (hold,) = (
        event
        for event in events(str(recording(tmp_path, turned)), "--axes", "+z,+x,+y")
        if event["event"] == "hold_ended"
    )
    assert hold["stretch"] == "hamstring"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_fault_at_the_very_end_leaves_nothing_on_standard_output(
    tmp_path: Path, options: list[str]
) -> None:
    file = recording(tmp_path)
    with file.open("a") as text:
        text.write("1.0,0,1,0\n")
    result = CliRunner().invoke(app, [str(file), *options])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "evening.csv, line 2653: time_s is 1 after" in result.stderr


@pytest.mark.parametrize(
    "options", [["--side", "up"], ["--axes", "x,x,x"], ["--min-hold", "-1"], ["--axes", "-x,y,z"]]
)
def test_a_bad_option_is_refused(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(app, [str(recording(tmp_path)), *options])
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_recording_played_by_a_band_gives_the_same_events_to_the_last_digit(
    tmp_path: Path,
) -> None:
    motion = scripted(5, 240.0, rate_hz=25.0)  # whole milliseconds from sample to sample
    samples = motion.read(float("inf"))
    path = tmp_path / "session.csv"
    # Five decimals fall between the counts of any range.
    rows = (f"{t:.3f},{x:.5f},{y:.5f},{z:.5f}" for t, (x, y, z) in _rows(samples, 1.00003))
    path.write_text("\n".join(["time_s,x_g,y_g,z_g", *rows]) + "\n", "utf-8")

    here = fold(path, BAND_AXES, Session("band"))
    played, ring = motions.recording(path), Ring(10_000)
    Firmware(played, ring).advance(played.duration_s + 1.0)
    session, there = Session("band"), []
    for seq in range(ring.oldest_seq, ring.head_seq):
        frame = decode_frame(ring.get(seq))
        block = Block(frame.t_first_ms / 1000 + frame.offsets_s, frame.acc_g)
        there += session.receive(block)
    there += session.close()
    assert here == there
    assert sum(isinstance(event, HoldEnded) for event in here) == len(motion.truth.holds)


def _rows(samples: Samples, scale: float) -> Iterator[tuple[float, list[float]]]:
    yield from zip(samples.t_s.tolist(), (samples.acc_g * scale).tolist(), strict=True)
