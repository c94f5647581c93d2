"""What does it look like: colours, sizes and words of the picture?"""

from __future__ import annotations

from typing import Final

from tracker.detect.events import HAMSTRING, INNER_THIGH, PRONE_QUAD, STANDING_QUAD

# Colours that are told apart also by the colour-blind (Okabe and Ito, "Color Universal Design").
_STRETCHES: Final = {
    HAMSTRING: "#0072b2",
    INNER_THIGH: "#009e73",
    PRONE_QUAD: "#d55e00",
    STANDING_QUAD: "#aa4499",
}
_ANOTHER: Final = "#b58900"
DROPPED: Final = "#c1121f"
CALM, REPS = "#2a9d8f", "#457b9d"
INK, SOFT, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
EDGE: Final = "#c1121f"

WIDTH_IN: Final = 16.0
DPI: Final = 150

# Plain text in SVG (it can be searched and read back), and the same bytes for the same picture.
STYLE: Final[dict[str, object]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stretchband",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.6,
}


def colour(stretch: str) -> str:
    """The colour of a stretch; all taught and unnamed ones share one."""
    return _STRETCHES.get(stretch, _ANOTHER)
