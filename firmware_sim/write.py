"""Writes a session of the simulated leg as a recording, with its truth beside it."""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from firmware_sim.motion import scripted


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a session and its truth: OUT.csv.gz and OUT.json."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.write", description=main.__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.csv.gz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--total-s", type=float, help="how long the session takes in all")
    parser.add_argument("--rate-hz", type=float, default=50.0)
    asked = parser.parse_args(arguments)
    if not asked.out.name.endswith(".csv.gz"):
        parser.error(f"{asked.out}: the name must end in .csv.gz")
    try:
        motion = scripted(asked.seed, asked.total_s, rate_hz=asked.rate_hz)
    except ValueError as error:
        parser.error(str(error))
    samples = motion.read(motion.duration_s + 1.0)
    rows = np.column_stack([samples.t_s, samples.acc_g])
    with gzip.open(asked.out, "wt", compresslevel=6) as file:
        np.savetxt(file, rows, "%.4f,%.5f,%.5f,%.5f", header="time_s,x_g,y_g,z_g", comments="")
    beside = asked.out.with_name(asked.out.name.removesuffix(".csv.gz") + ".json")
    beside.write_text(json.dumps(asdict(motion.truth), indent=1) + "\n")


if __name__ == "__main__":
    main()
