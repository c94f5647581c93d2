"""Which history a command reads: --db, else the config's, else the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker import config

DbOption = Annotated[
    Path | None,
    typer.Option(
        "--db", metavar="FILE", help="The history; without it the one that the config names."
    ),
]


def database_path(db: Path | None) -> Path:
    """The file a person means. Raises StretchbandError when a config is there but wrong."""
    if db is not None:
        return db
    file = config.default_config_path()
    return config.default_db_path() if file is None else config.load(file).db_path
