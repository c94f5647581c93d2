"""What is drawn is what was found: the SVG is read back."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from tests.detect.leg import BACK, SESSION, Pose, raised, samples
from tracker.cli.analyze import analyze
from tracker.detect.samples import Block

RECORDINGS = Path(__file__).parents[1] / "detect" / "recordings"
app = typer.Typer()
app.command()(analyze)

SLIPPING = (
    *SESSION[:2],
    Pose(raised(70), 3.0),
    Pose(BACK, 6.0),
    Pose(raised(70), 12.0),
    Pose(raised(60), 0.3, move_s=0.5),
    Pose(raised(70), 20.0, move_s=0.5),
    Pose(BACK, 6.0),
)


def recording(folder: Path, block: Block) -> Path:
    file = folder / "evening.csv"
    rows = np.column_stack([block.t_s, block.acc_g])
    np.savetxt(file, rows, "%.4f,%.5f,%.5f,%.5f", header="time_s,x_g,y_g,z_g", comments="")
    return file


class Sheet:
    """An SVG: the texts in it, and the elements that have a name."""

    def __init__(self, file: Path) -> None:
        root = ET.fromstring(file.read_text("utf-8"))  # noqa: S314 - our own file
        self.ids = {at for element in root.iter() if (at := element.get("id")) is not None}
        self.texts = [
            "".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")
        ]
        self.named = {
            at: ["".join(text.itertext()) for text in element.iter() if text.tag.endswith("}text")]
            for element in root.iter()
            if (at := element.get("id")) is not None
        }
        self.spans = {at: _span(element) for at, element in self._paths(root)}

    @staticmethod
    def _paths(root: ET.Element) -> list[tuple[str, str]]:
        return [
            (at, path.get("d", ""))
            for group in root.iter()
            if (at := group.get("id")) is not None
            for path in list(group)[:1]
            if path.tag.endswith("}path")
        ]

    def numbered(self, kind: str) -> list[str]:
        return sorted(at for at in self.ids if at.removeprefix(f"{kind}-").isdigit())


def _span(path: str) -> tuple[float, float]:
    """From where to where, left to right."""
    numbers = [float(word) for word in path.split() if word[-1].isdigit()]
    return min(numbers[::2]), max(numbers[::2])


def drawn(file: Path, out: Path, *options: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, [str(file), "--plot", str(out), "--json", *options])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def of_kind(events: list[dict[str, object]], kind: str) -> list[dict[str, object]]:
    return [event for event in events if event["event"] == kind]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, object]], Sheet]:
    """A whole session: its events, and its picture read back."""
    out = tmp_path_factory.mktemp("clean") / "clean.svg"
    return drawn(RECORDINGS / "clean-0.csv.gz", out), Sheet(out)


def test_every_hold_is_drawn_where_it_was_with_its_name_length_and_reason(
    clean: tuple[list[dict[str, object]], Sheet],
) -> None:
    events, sheet = clean
    holds = of_kind(events, "hold_ended")
    assert sheet.numbered("hold") == [f"hold-{n}" for n in range(1, len(holds) + 1)]
    whole = [float(str(hold[key])) for hold in holds for key in ("start_s", "end_s")]
    places = [x for n in range(1, len(holds) + 1) for x in sheet.spans[f"hold-{n}"]]
    a_second, left = np.polyfit(whole, places, 1)
    assert places == pytest.approx([left + a_second * t_s for t_s in whole], abs=0.2)
    for n, hold in enumerate(holds, 1):
        label = " ".join(sheet.named[f"hold-{n}-label"])
        for word in (*str(hold["stretch"]).split("_"), hold["side"], hold["reason"]):
            assert str(word) in label
        assert f"{float(str(hold['duration_s'])):.1f} s" in label
    assert sum(text.startswith("began: still") for text in sheet.texts) == len(holds)
    assert sum(text.startswith("ended: left and not back") for text in sheet.texts) == len(holds)


def test_every_breath_of_a_hold_has_its_number_in_the_card(
    clean: tuple[list[dict[str, object]], Sheet],
) -> None:
    events, sheet = clean
    for n, hold in enumerate(of_kind(events, "hold_ended"), 1):
        numbers = {
            str(breath["number"])
            for breath in of_kind(events, "breath")
            if breath["hold_id"] == hold["hold_id"]
        }
        assert numbers <= set(sheet.named[f"card-{n}"])
    assert sheet.numbered("rep") == sorted(
        f"rep-{n}" for n in range(1, len(of_kind(events, "rep")) + 1)
    )


def test_slips_dropped_holds_and_gaps_are_seen_with_their_reason(tmp_path: Path) -> None:
    block = samples(SLIPPING, breath_deg=1.5)
    kept = (block.t_s < 60.0) | (block.t_s > 63.0)
    file = recording(tmp_path, Block(block.t_s[kept], block.acc_g[kept]))
    out = tmp_path / "slips.svg"
    events = drawn(file, out)
    assert [hold["reason"] for hold in of_kind(events, "hold_ended")] == ["gap"]
    sheet = Sheet(out)
    assert sheet.numbered("hold") == ["hold-1"]
    assert sheet.numbered("slip") == ["slip-1"]
    assert sheet.numbered("gap") == ["gap-1"]
    dropped = [name for name in sheet.ids if name.startswith("dropped-") and "label" in name]
    assert len(dropped) == len(of_kind(events, "hold_dropped")) >= 1
    assert any("dropped: short, 3." in " ".join(sheet.named[name]) for name in dropped)
    assert "ended: samples are missing from then on" in sheet.texts
    slip, hold = sheet.spans["slip-1"], sheet.spans["hold-1"]
    assert hold[0] < slip[0] < slip[1] < hold[1]


def test_the_same_recording_gives_the_same_picture_to_the_byte(tmp_path: Path) -> None:
    file = recording(tmp_path, samples(SESSION, breath_deg=1.5))
    drawn(file, tmp_path / "one.svg")
    drawn(file, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_png_is_as_wide_as_a_screen_and_taller_with_holds(tmp_path: Path) -> None:
    def size(poses: Sequence[Pose]) -> tuple[int, int]:
        out = tmp_path / "picture.png"
        drawn(recording(tmp_path, samples(poses, breath_deg=1.5)), out)
        head = out.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", head[16:])
        return width, height

    one, none = size(SESSION), size([Pose(BACK, 10.0)])
    assert one[0] == none[0] == 2400
    assert one[1] > none[1] > 1000


def test_a_part_can_be_chosen(tmp_path: Path) -> None:
    file, out = RECORDINGS / "clean-0.csv.gz", tmp_path / "part.svg"
    events = drawn(file, out, "--from", "2:00", "--to", "3:30")
    inside = [
        n
        for n, hold in enumerate(of_kind(events, "hold_ended"), 1)
        if float(str(hold["end_s"])) > 120.0 and float(str(hold["start_s"])) < 210.0
    ]
    assert Sheet(out).numbered("card") == [f"card-{n}" for n in inside]
    assert inside


def test_a_band_off_the_leg_and_an_evening_say_what_was_kept(tmp_path: Path) -> None:
    drawn(RECORDINGS / "off_body-0.csv.gz", tmp_path / "off.svg")
    assert "off the leg" in Sheet(tmp_path / "off.svg").texts
    drawn(RECORDINGS / "evening-0.csv.gz", tmp_path / "evening.svg")
    evening = Sheet(tmp_path / "evening.svg")
    assert {"standing", "lying"} <= set(evening.texts)
    assert any(text.startswith("no stretch: ") for text in evening.texts)


def test_a_whole_recording_as_one_hold_is_drawn(tmp_path: Path) -> None:
    out = tmp_path / "chest.svg"
    drawn(RECORDINGS / "breath-pos2-4sbreathing.csv.gz", out, "--as-hold")
    sheet = Sheet(out)
    assert sheet.numbered("hold") == ["hold-1"]
    assert "began: the whole recording is asked for as one hold" in sheet.texts
    assert "ended: the recording ends" in sheet.texts


def test_taught_and_unnamed_postures_are_drawn(tmp_path: Path) -> None:
    file = recording(tmp_path, samples(SESSION, breath_deg=1.5))
    drawn(file, tmp_path / "any.svg", "--any-posture", "--min-hold", "1.5")
    assert Sheet(tmp_path / "any.svg").numbered("hold")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--plot", "{}/picture.jpg"], "the name of a picture ends in .png or .svg"),
        (["--plot", "{}/none/picture.svg"], "picture.svg cannot be written: No such file"),
        (["--plot", "{}/picture.svg", "--from", "soon"], '--from "soon": seconds, m:ss or h:mm:ss'),
        (["--plot", "{}/picture.svg", "--from", "9:00:00"], "choose a second or more of 0:00 to"),
        (["--plot", "{}/picture.svg", "--from", "20", "--to", "10"], "there is nothing to draw"),
        (["--to", "10"], "they need --plot"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence_and_no_file(
    tmp_path: Path, options: list[str], said: str
) -> None:
    file = recording(tmp_path, samples(SESSION))
    where = [option.format(tmp_path) for option in options]
    result = CliRunner().invoke(app, [str(file), *where])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["evening.csv"]


def test_a_broken_recording_leaves_the_picture_of_before(tmp_path: Path) -> None:
    file, out = recording(tmp_path, samples(SESSION)), tmp_path / "picture.svg"
    drawn(file, out)
    before = out.read_bytes()
    with file.open("a") as text:
        text.write("1.0,0,1,0\n")
    result = CliRunner().invoke(app, [str(file), "--plot", str(out)])
    assert result.exit_code == 2
    assert out.read_bytes() == before


WITHOUT = """
import sys
sys.modules["matplotlib"] = None
from tracker.cli import main
sys.argv = ["stretchband", "analyze", *sys.argv[1:]]
main()
"""


def test_without_the_extra_everything_but_the_picture_works(tmp_path: Path) -> None:
    file = recording(tmp_path, samples(SESSION))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT, str(file), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert "1 hold" in run().stdout
    refused = run("--plot", str(tmp_path / "picture.png"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "--plot needs matplotlib: pip install 'stretchband[plot]'\n"
