"""One target under atheris: `python -m tests.fuzz.one TARGET [libFuzzer's options]`.

A process of its own: atheris marks the branches of what is imported after it, and ends the process.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

# Beside ours, the libraries written in Python whose branches guide the search.
LIBRARIES = {
    "csv.gz": ["gzip", "_compression"],
    "config": ["tomllib"],
    "archive": ["zipfile"],
    "hci": ["bumble"],
}


def main(name: str, options: list[str]) -> None:
    """Until libFuzzer's limit, or the first input that breaks the target."""
    libraries = LIBRARIES.get(name, [])
    for library in libraries:
        sys.modules.pop(library, None)  # atheris has it already, without marks
    with atheris.instrument_imports(
        include=["tracker", "firmware_sim", *libraries], enable_loader_override=False
    ):
        from tests.fuzz.targets import TARGETS

    run = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="stretchband-fuzz-") as folder:
        place = Path(folder)
        atheris.Setup([sys.argv[0], *options], lambda data: run(data, place))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
