"""How is a moment of a recording written: 75.3, 1:15.3 or 0:01:15.3?"""

from __future__ import annotations

import re

from tracker.errors import StretchbandError

_MOMENT = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


def moment_s(text: str, option: str) -> float:
    """Seconds of `90`, `1:30` or `0:01:30`. Raises StretchbandError for anything else."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise StretchbandError(f'{option} "{text}": seconds, m:ss or h:mm:ss, as in 90 or 1:30')
    hours, minutes, seconds = match.groups()
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes or 0) + float(seconds)


def written(t_s: float, *, tenths: bool = False) -> str:
    """`1:15` or `2:01:15`; with tenths `1:15.3`."""
    tenth = round(t_s * 10) if tenths else round(t_s) * 10
    sign, tenth = ("-", -tenth) if tenth < 0 else ("", tenth)
    minutes, rest = divmod(tenth, 600)
    seconds = f"{rest // 10:02d}" + (f".{rest % 10}" if tenths else "")
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02d}:{seconds}" if hours else f"{sign}{minutes}:{seconds}"
