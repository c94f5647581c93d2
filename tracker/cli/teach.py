"""`stretchband teach`: a posture that is held for ten seconds is known by its name from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tracker.cli.analyze import known_side
from tracker.cli.run import chosen
from tracker.cli.wanted import wanted_band
from tracker.config import BandConfig, Config, load
from tracker.daemon.house import mqtt_settings
from tracker.detect.events import Side
from tracker.detect.posture.taught import (
    FORGET,
    PATIENCE_S,
    TAUGHT,
    Lesson,
    Taught,
    TeachingError,
    check_name,
    to_json,
)
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.mqtt.asking import ask
from tracker.recorder import Recorder
from tracker.recordings import read
from tracker.store import History, InUseError, Store

BLOCK = 25  # samples: half a second or less, as a band sends them


def teach(
    name: Annotated[str | None, typer.Argument(help="What the posture is to be called.")] = None,
    side: Annotated[
        str | None, typer.Option(help="The leg it is for, left or right; without it any.")
    ] = None,
    band: Annotated[str | None, typer.Option(metavar="ID", help="One of several bands.")] = None,
    recording: Annotated[
        Path | None,
        typer.Option(help="Learn the first posture that is held for 10 s in this file."),
    ] = None,
    forget: Annotated[str | None, typer.Option(metavar="NAME", help="Forget a posture.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="What has been taught.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
) -> None:
    """Learn a posture of your own from 10 seconds of it.

    Rest, take it when told, and hold it still.
    """
    if (name is not None) + (forget is not None) + list_ != 1:
        raise typer.BadParameter("one of NAME, --forget NAME and --list")
    settings = load(chosen(config))
    worn = wanted_band(settings, band, "choose one by --band")
    if list_:
        _list(settings.db_path, worn.id)
    elif forget is not None:
        check_name(forget)
        _forget(settings, worn, forget)
    elif name is not None:
        check_name(name)
        _teach(settings, worn, name, known_side(side), recording)


def _teach(
    config: Config, band: BandConfig, name: str, side: Side | None, recording: Path | None
) -> None:
    leg = f" on the {side} leg" if side else ""
    if recording is not None:
        taught = learn_from(recording, band, config, Lesson(name, side, patience_s=float("inf")))
        _store(config, band, lambda _: (TAUGHT, to_json(taught)))
    else:
        asked = msgspec.json.encode({"name": name, "side": side})
        lesson = asyncio.run(
            ask(
                mqtt_settings(config),
                band.id,
                ("teach", asked),
                name,
                patience_s=PATIENCE_S + 30.0,
                on_waiting=lambda: typer.echo(
                    f"Stand or lie still, take the posture{leg}, and hold it for 10 seconds; "
                    "the band buzzes when it is learnt."
                ),
            )
        )
        if lesson.state != "learnt":
            raise TeachingError(lesson.why or f"{name} was not learnt")
    typer.echo(f"learnt: {name}{leg}")


def learn_from(file: Path, band: BandConfig, config: Config, lesson: Lesson) -> Taught:
    """What the lesson finds in a recording. Raises TeachingError when nothing was held."""
    session = Session(band.id, settings=config.settings(band))
    for block in read(file, band.turn()):
        for first in range(0, len(block), BLOCK):
            part = slice(first, first + BLOCK)
            session.receive(Block(block.t_s[part], block.acc_g[part]))
            taught = lesson.look(session.posed, float(block.t_s[part][-1]))
            if taught is not None:
                return taught
    raise TeachingError(f"{file}: {lesson.failed()}")


def _forget(config: Config, band: BandConfig, name: str) -> None:
    def known(taught: tuple[Taught, ...]) -> tuple[str, str]:
        if not any(one.name == name for one in taught):
            raise TeachingError(f"{name} is not taught")
        return FORGET, name

    try:
        _store(config, band, known)
    except InUseError:
        said = (FORGET, name.encode())
        lesson = asyncio.run(ask(mqtt_settings(config), band.id, said, name, patience_s=30.0))
        if lesson.state != "forgotten":
            raise TeachingError(lesson.why or f"{name} was not forgotten") from None
    typer.echo(f"forgotten: {name}")


def _store(
    config: Config,
    band: BandConfig,
    command: Callable[[tuple[Taught, ...]], tuple[str, str]],
) -> None:
    """Say a command, made from what is taught, to a history that no daemon has.

    Raises InUseError when one has it.
    """
    store = Store.open(config.db_path)
    try:
        store.register_band(band.id, band.address, None, band.axes)
        recorder = Recorder(store, band.id, band.turn(), config.settings(band))
        recorder.restart()
        recorder.command(*command(recorder.taught))
    finally:
        store.close()


def _list(history: Path, band_id: str) -> None:
    with History.open(history) as past:
        taught = past.taught(band_id)
    for one in taught:
        typer.echo(f"{one.name}\t{one.side or 'any leg'}")
    if not taught:
        typer.echo("Nothing has been taught.", err=True)
