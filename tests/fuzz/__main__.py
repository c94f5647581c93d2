"""The table of docs/security.md: every target under atheris for so many seconds.

`make fuzz`, or `make fuzz ARGS="--seconds 600 config csv"`. What breaks a target is kept in the
folder named by --keep, the run goes on with the next target and ends with status 1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import SEEDS

ROOT = Path(__file__).parents[2]
# No door may take longer for one input, or this process more memory.
LIMITS = ["-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1"]
LONGEST = {"archive": 65536, "parquet": 16384}  # bytes of one input; 4096 for the others


def main() -> int:
    """Print the table; the number of targets that broke."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(SEEDS))
    parser.add_argument("--seconds", type=int, default=180, help="for each target")
    parser.add_argument("--keep", type=Path, default=ROOT / "fuzz-found", help="a folder")
    asked = parser.parse_args()
    print("| target | inputs tried | seconds | edges at first | edges | broke it |")  # noqa: T201
    print("|---|---:|---:|---:|---:|---|", flush=True)  # noqa: T201
    return sum(_one(name, asked.seconds, asked.keep) for name in asked.targets or SEEDS)


def _one(name: str, seconds: int, keep: Path) -> bool:
    """Whether it broke."""
    with tempfile.TemporaryDirectory(prefix="stretchband-corpus-") as folder:
        for number, seed in enumerate(SEEDS[name]()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz.one", name, *LIMITS]
        command += [f"-max_total_time={seconds}", f"-max_len={LONGEST.get(name, 4096)}"]
        command += [f"-artifact_prefix={folder}/found-", folder]
        done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT)
        log = done.stderr.decode("utf-8", "replace")
        found = sorted(Path(folder).glob("found-*"))
        if done.returncode:
            keep.mkdir(exist_ok=True)
            (keep / f"{name}.log").write_text(log[-100_000:], "utf-8")
            for file in found:
                file.replace(keep / f"{name}-{file.name}")
    edges = [int(number) for number in re.findall(r"\bcov: (\d+)", log)] or [0]
    (took_s,) = re.findall(r"runs in (\d+) second", log) or ["0"]
    (tried,) = re.findall(r"stat::number_of_executed_units: (\d+)", log) or ["0"]
    broke = f"{', '.join(f.name for f in found) or 'see the log'}" if done.returncode else "nothing"
    print(  # noqa: T201
        f"| `{name}` | {int(tried):,} | {took_s} | {edges[0]} | {edges[-1]} | {broke} |",
        flush=True,
    )
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
