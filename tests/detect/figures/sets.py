"""Which recordings are there, and how is each kind looked at?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker.detect.session import Settings

COMMITTED = Path(__file__).parents[1] / "recordings"
DEFAULT = Settings()
ANY = Settings(any_posture=True)
SHORT = Settings(any_posture=True, min_hold_s=1.5)
AS_HOLD = Settings(as_hold=True)


@dataclass(frozen=True, slots=True)
class Set:
    """Recordings of one kind: files in a folder, and how they are looked at."""

    name: str
    pattern: str
    settings: Settings = DEFAULT

    def files(self, folder: Path) -> list[Path]:
        found = sorted(folder.glob(self.pattern + ".csv.gz"))
        return [f for f in found if f.with_name(f.name.removesuffix(".csv.gz") + ".json").exists()]


_ROUTINE = (
    ("clean", "clean-*"),
    ("short holds, 8-20 s", "short-*"),
    ("breath of 0.2-0.5 degrees", "subtle-*"),
    ("rough: worn badly, coarse, shaking, slips", "rough-*"),
    ("evening without stretching", "evening-*"),
    ("band off the leg", "off_body-*"),
)
OURS = (
    *(Set(name, pattern) for name, pattern in _ROUTINE),
    Set("chest, paced", "breath-*", AS_HOLD),
)
SETS = (
    *(Set(name, f"routine/{pattern}") for name, pattern in _ROUTINE),
    Set("leg raises of people, 25 Hz", "pt/*", SHORT),
    Set("yoga, real leg, 104 Hz", "yoga/*", ANY),
    Set("thigh, walking", "walk/*", ANY),
    Set("chest, breath observed by hand", "breath/B*", AS_HOLD),
    Set("chest, paced", "breath/pos*", AS_HOLD),
)
