"""What do others reach, and what does the detector reach on the same kind of recording?"""

from __future__ import annotations

from collections.abc import Mapping

from tests.detect.figures.score import Figures, mae, table

_RAISES, _CHEST = "leg raises of people, 25 Hz", "chest, breath observed by hand"


def anchors(recorded: Mapping[str, Figures], simulated: Figures) -> list[str]:
    """Markdown: published or measured figures beside those of this run; a dash where none is."""
    raises, yoga = recorded.get(_RAISES), recorded.get("yoga, real leg, 104 Hz")
    chest, paced = recorded.get(_CHEST), recorded.get("chest, paced")
    clean = recorded.get("clean")
    rows = [
        (
            "exercises with held leg raises by dynamic time warping (Yurtman and Barshan 2014)",
            "missed 8.6 %, false 4.9 %",
            f"{_missed(raises)} of the holds in their recordings",
        ),
        (
            "hold bounds from a plain tilt-rate rule, ankle, the same recordings",
            "recall 0.90, precision 0.74, start 0.50 s, end 0.39 s",
            _bounds(raises),
        ),
        (
            "exercise segmentation (RecoFit 2014)",
            "precision and recall over 0.95",
            f"{_both(simulated)} on the simulated leg",
        ),
        (
            "a real leg's effortful holds called still: moving SD, coefficient of variation",
            "0.73, 0.93 of the time",
            "–" if yoga is None else f"{yoga.hit} of {yoga.true} poses found, each as one hold",
        ),
        ("breath rate, wrist, still (BioWatch 2015)", "0.38 /min", f"{_rate(clean)} on a leg"),
        ("breath rate, observed at the chest, zigzag prototype", "0.56 /min", _rate(chest)),
        ("breath rate, paced, at the chest, zigzag prototype", "0.15 /min", _rate(paced)),
        ("breath rate, abdomen, breath by breath (Cesareo 2018)", "under 2 /min", _rate(chest)),
    ]
    return table(("anchor", "there", "here"), rows)


def _both(f: Figures) -> str:
    return f"recall {f.hit / max(f.true, 1):.2f}, precision {f.hit / max(f.found, 1):.2f}"


def _missed(f: Figures | None) -> str:
    if f is None:
        return "–"
    missed, false = 1 - f.hit / max(f.true, 1), 1 - f.hit / max(f.found, 1)
    return f"missed {100 * missed:.1f} %, false {100 * false:.1f} %"


def _bounds(f: Figures | None) -> str:
    return "–" if f is None else f"{_both(f)}, start {mae(f.start)} s, end {mae(f.end)} s"


def _rate(f: Figures | None) -> str:
    return (
        "–" if f is None else f"{mae(f.rate)} /min at coverage {len(f.rate) / max(f.rated, 1):.2f}"
    )
