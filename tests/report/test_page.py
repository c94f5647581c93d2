"""The page itself: what stands on it, that it is whole and calm, and that it prints."""

from __future__ import annotations

import builtins
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from tests.report.picture import evenings
from tests.store.filling import BAND, Told, new_store, weeks_of_sessions
from tracker.detect.events import Event, HoldEnded
from tracker.errors import StretchbandError
from tracker.report import month_of, page
from tracker.report.charts import Dot, dots_by_day, minutes_by_day
from tracker.report.page import amount, clock
from tracker.report.paper import pdf, png
from tracker.store import History, StoredCommand

NOVEMBER = date(2026, 11, 1)
MADE = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
SENTENCES = (
    "A stretchy feeling is good, pain is not. Do not force.",
    "Not for people in pain from a herniated disc.",
    "With spondylolisthesis or arthritis of the spine only with expert help.",
    "This is not a medical device",
)


class Reader(HTMLParser):
    """Text and tags of a page; a tag that is closed wrongly is an error."""

    EMPTY = ("meta", "link", "br", "img", "input", "hr")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " "
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def written(tmp_path: Path, events: Sequence[Event], made: datetime = MADE) -> str:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [], list(events), None)
    store.close()
    with History.open(store.path) as history:
        month = month_of(history, None, NOVEMBER, made.date(), UTC)
    return page(month, made, "stretchband 0")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    reader.text = " ".join(reader.text.split())
    return reader


def test_a_full_month_says_what_was_held_and_what_is_not_known(tmp_path: Path) -> None:
    html = written(tmp_path, list(weeks_of_sessions(28)))
    text = read(html).text
    with History.open(tmp_path / "history.db") as history:
        totals = history.totals(None, NOVEMBER, date(2026, 11, 30), UTC)
        days = {a[0] for a in history.rows("SELECT substr(started_at, 1, 10) FROM holds", ())}
    assert f"{sum(total.holds for total in totals)} holds" in text
    assert f"{len(days)} of 30 days with a hold" in text
    assert amount(sum(total.hold_s for total in totals)) + " held in all" in text
    for total in totals:
        assert f"{total.side} {total.holds} {amount(total.hold_s)}" in text
    assert all(sentence in text for sentence in SENTENCES)
    assert "Which leg: known for every hold." in text


def test_the_page_needs_and_asks_for_nothing_from_outside(tmp_path: Path) -> None:
    html = written(tmp_path, list(weeks_of_sessions(10)))
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|\bsrc=|\bhref=", html)
    policy = [a["content"] for tag, a in read(html).tags if "http-equiv" in a]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_drawing_says_in_words_what_it_shows(tmp_path: Path) -> None:
    tags = read(written(tmp_path, list(weeks_of_sessions(10)))).tags
    labels = [attributes["aria-label"] for tag, attributes in tags if tag == "svg"]
    assert labels[0] == "Minutes held on each day, by leg"
    assert "Standing quad, hold by hold" in labels
    assert len(labels) == 1 + 4 + 2


def test_an_empty_month_says_so_and_keeps_the_cautions(tmp_path: Path) -> None:
    text = read(written(tmp_path, [])).text
    assert "Stretching in November 2026" in text
    assert "No hold was stored in this month." in text
    assert all(sentence in text for sentence in SENTENCES)


def test_a_month_that_goes_on_says_so(tmp_path: Path) -> None:
    text = read(written(tmp_path, [], datetime(2026, 11, 12, tzinfo=UTC))).text
    assert "1 to 12 November 2026 (the month is not over)" in text
    assert "No hold was stored in this month so far." in text


def test_one_hold_of_which_little_is_known_is_a_page_too(tmp_path: Path) -> None:
    events = [
        msgspec.structs.replace(e, angle_deg=None, depth_gain_deg=None, breath_rate_bpm=None)
        if isinstance(e, HoldEnded)
        else e
        for e in Told().hold(0.0, 20.0, "other", None)
    ]
    text = read(written(tmp_path, events)).text
    assert "1 of 30 days with a hold 1 hold 20 s held in all" in text
    assert "other not known 1 20 s 0:20 0:20 – – –" in text
    assert "left to right: no leg is known" in text
    assert "Which leg: not known for 1 of 1 holds." in text
    assert "Angle: not known for 1 of 1 holds." in text
    assert "How deep" not in text


def test_pain_is_told_hold_by_hold_and_strain_by_stretch(tmp_path: Path) -> None:
    told = Told()
    events: list[Event] = [
        *(e for e in told.hold(0.0, 30.0, side="right") if not isinstance(e, HoldEnded)),
        told.hold_ended(0.0, 30.0, side="right", reason="pain"),
        *told.hold(1000.0, 50.0, "inner_thigh"),
        told.strain(1000.0),
    ]
    text = read(written(tmp_path, events)).text
    assert "as the wearer said, 1 of 2 holds: 2 November, 17:00, hamstring, right leg" in text
    assert "was forced or trembled in 1 of 2 holds: inner thigh 1." in text


def test_pain_that_ended_no_counted_hold_is_told_too(tmp_path: Path) -> None:
    told = Told()
    events = [told.session_started(0.0), *told.hold(10.0, 30.0)]
    events += [*told.hold(60.0, 20.0)[:-1], told.hold_ended(60.0, 20.0, reason="pain")]
    said = [StoredCommand(1, t_s, "pain", "{}") for t_s in (80.0, 95.0)]
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [], events, None, commands=said)
    store.close()
    with History.open(store.path) as history:
        month = month_of(history, None, NOVEMBER, MADE.date(), UTC)
        assert history.pain_in_no_hold(None, date(2026, 10, 1), date(2026, 10, 31), UTC) == 0
        assert history.pain_in_no_hold("band2", NOVEMBER, date(2026, 11, 30), UTC) == 0
    text = read(page(month, MADE, "stretchband 0")).text
    assert "as the wearer said, 1 of 2 holds" in text
    assert "It hurt once where no hold was counted, such as in its first seconds." in text


def test_a_taught_name_is_text_and_nothing_else(tmp_path: Path) -> None:
    name = '<script>alert("1")</script>&'
    reader = read(written(tmp_path, Told().hold(0.0, 30.0, name)))
    assert "script" not in {tag for tag, _ in reader.tags}
    assert name in reader.text


def test_bars_are_as_high_as_the_minutes_and_stand_on_one_another() -> None:
    days = [date(2026, 11, n) for n in range(1, 31)]
    held = {(days[0], "left"): 120.0, (days[0], "right"): 60.0, (days[2], None): 240.0}
    svg = ElementTree.fromstring(minutes_by_day(days, held))  # type: ignore[arg-type] # noqa: S314
    bars = [{k: float(v) for k, v in r.items() if k != "fill"} for r in svg.iter("rect")]
    first, second, other = bars
    assert second["height"] == pytest.approx(first["height"] / 2, abs=0.02)
    assert other["height"] == pytest.approx(first["height"] * 2, abs=0.02)
    assert second["y"] + second["height"] == pytest.approx(first["y"], abs=0.02)
    assert first["x"] == second["x"] < other["x"]


@pytest.mark.parametrize("values", [[0.0], [61.0, 61.0], [-3.0, 4.0], [12.0, 118.5], [1e-6]])
def test_dots_stay_inside_their_axes(values: list[float]) -> None:
    dots = [Dot(1.0 + 14.9 * n, value, "left") for n, value in enumerate(values)]
    svg = ElementTree.fromstring(dots_by_day(dots, 31, "°", "x"))  # noqa: S314 - our own
    lines = [float(line.attrib["y1"]) for line in svg.iter("line")]
    found = [float(dot.attrib["cy"]) for dot in svg.iter("circle")]
    assert len(found) == len(values)
    assert min(lines) <= min(found) <= max(found) <= max(lines)
    assert 3 <= len(lines) <= 8


def test_lengths_are_written_as_people_say_them() -> None:
    assert [clock(s) for s in (0, 59.6, 65, 3600)] == ["0:00", "1:00", "1:05", "60:00"]
    assert [amount(s) for s in (0.4, 59.4, 59.6, 3599, 3900)] == [
        *("0 s", "59 s", "1 min", "1 h 00 min", "1 h 05 min")
    ]


def needs_pango() -> None:
    try:
        pdf("<p>")
    except StretchbandError as missing:  # pragma: no cover - a machine without it
        pytest.skip(str(missing))


def test_pdfium_reads_in_the_pdf_what_stands_on_the_page(tmp_path: Path) -> None:
    needs_pango()
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(pdf(written(tmp_path, list(weeks_of_sessions(28)))))
    text = [" ".join(sheet.get_textpage().get_text_range().split()) for sheet in document]
    sizes = {tuple(round(side / 72 * 25.4) for side in sheet.get_size()) for sheet in document}
    document.close()
    assert sizes == {(210, 297)}
    assert len(text) == 2
    assert "Stretching in November 2026" in text[0]
    assert all("Not a medical device." in sheet for sheet in text)
    assert all(sentence in " ".join(text) for sentence in SENTENCES)
    assert "2 of 2" in text[1]


def test_a_month_with_a_leg_not_known_in_every_stretch_fits_on_two_pages(tmp_path: Path) -> None:
    needs_pango()
    pypdfium2 = pytest.importorskip("pypdfium2")
    html = written(tmp_path, list(evenings()))
    assert html.count('<td class="text">not known</td>') == 4
    document = pypdfium2.PdfDocument(pdf(html))
    assert len(document) == 2
    document.close()


def test_the_picture_is_the_pages_one_below_the_other(tmp_path: Path) -> None:
    needs_pango()
    image = pytest.importorskip("PIL.Image")
    picture = image.open(io.BytesIO(png(written(tmp_path, Told().hold(0.0)))))
    assert picture.format == "PNG"
    assert picture.width == pytest.approx(210 / 25.4 * 144, abs=2)
    assert picture.height > picture.width * 1.4
    blue = sum(count for count, colour in picture.getcolors(1 << 24) if colour == (31, 95, 122))
    assert blue > 500  # the left leg's bar is there


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            ModuleNotFoundError("No module", name="weasyprint"),
            "needs weasyprint: pip install 'stretchband[report]'",
        ),
        (OSError("cannot load library 'libpango-1.0-0'"), "needs Pango: apt install libpango-1.0"),
    ],
)
def test_what_paper_needs_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, expected: str
) -> None:
    import_ = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "weasyprint":
            raise fault
        return import_(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StretchbandError) as error:
        pdf("<p>")
    assert expected in str(error.value)
