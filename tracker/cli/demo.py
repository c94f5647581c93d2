"""`stretchband demo`: the whole way from a leg to the house on this machine, without hardware.

    simulated band --GATT, virtual radio--> stretchband run --MQTT--> embedded broker --> picture
                                                                             |
                                                                  stretchband dashboard --> page

The band, the daemon and the page are processes of their own, daemon and page the same as at home;
the picture knows only what the broker tells it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

import aiomqtt
import msgspec
import typer
from rich.console import Console
from rich.live import Live as Screen

from tracker.bands.bonds import Bonds, bonds_beside
from tracker.cli.demo_page import enter, open_browser, page
from tracker.cli.parts import first_line, process
from tracker.cli.picture import WHY_NONE, Picture, in_words, leg
from tracker.cli.summary import look_on, summary
from tracker.detect.events import (
    Event,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    SessionEnded,
    TargetReached,
    from_json,
)
from tracker.errors import extra_missing
from tracker.mqtt.embedded import embedded_broker
from tracker.mqtt.payloads import BandState, LivePoint
from tracker.store import History, Store
from tracker.words import count

BAND = "demo"
ADDRESS = "F0:F1:F2:F3:F4:01"
TARGET_S = 30.0
FULL_S = 720.0  # a session at ease: 30 to 45 s a hold, both legs
LEAST_S = 240.0  # eight holds of 10 s; with less time it is better to show a few real ones
STARTING_S = 5.0  # connecting is not the wearer's time
LAST_WORD_S = 20.0  # from the end of the motion to the end of the session in the house

Draw = Callable[[Event | None], None]

_points = msgspec.json.Decoder(list[LivePoint])
_state = msgspec.json.Decoder(BandState)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played, for how long, and where it is kept."""

    total_s: float
    seconds: float
    speed: float
    seed: int
    db: Path
    folder: Path

    @property
    def air(self) -> str:
        """The virtual radio, as both sides name it."""
        return f"unix:{self.folder / 'air'}"

    @property
    def config(self) -> Path:
        """What the daemon and the page read."""
        return self.folder / "tracker.toml"

    def configure(self, broker: int) -> None:
        """Write the config, with the broker on this port."""
        self.config.write_text(
            f"[store]\npath = {json.dumps(str(self.db.absolute()))}\n"
            f'[mqtt]\nhost = "127.0.0.1"\nport = {broker}\n'
            f"[bluetooth]\nradio = {json.dumps(self.air)}\n"
            f"[detector]\ntarget_s = {TARGET_S}\n"
            f'[[bands]]\nid = "{BAND}"\naddress = "{ADDRESS}"\n',
            "utf-8",
        )


class Ports(NamedTuple):
    """Where the broker and the page listen on 127.0.0.1; see --broker-port and --port."""

    broker: int
    page: int | None


def demo(
    seconds: Annotated[float, typer.Option(min=1, help="How long the wearer may take.")] = 120.0,
    speed: Annotated[
        float, typer.Option(min=0.1, max=60, help="How many times faster than real time.")
    ] = 6.0,
    db: Annotated[
        Path | None, typer.Option(help="Keep the history in this file. [default: thrown away]")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            show_default=False,
            help="The page's port on 127.0.0.1; 0: any free one. [default: 8095 if free]",
        ),
    ] = None,
    broker_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The broker's port on 127.0.0.1; 0: any free one.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Which wearer, which day.")] = 1,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Name the page's address, but do not open it.")
    ] = False,
) -> None:
    """Play a session without hardware; nothing leaves this machine.

    The four stretches on both legs take 720 s of the wearer's time at ease and 240 s in a hurry.
    With less (--seconds times --speed) the session is at ease and cut when the time is up. Played
    faster, it is dated by the wearer's time: as long as it was for the leg, up to now.

    The page is served beside it, and opened where there is a screen; there it stays until Enter.
    """
    time_s = seconds * speed
    total_s = min(time_s, FULL_S) if time_s >= LEAST_S else FULL_S
    with tempfile.TemporaryDirectory(prefix="stretchband-") as folder:
        kept = db or Path(folder) / "demo.db"
        plan = Plan(total_s, seconds, speed, seed, kept, Path(folder))
        Store.open(kept).close()  # a file that cannot be used is told before anything starts
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(play(plan, Ports(broker_port, port), show=not no_browser))
        lasting = look_on(kept) if db else ("page and history end here; --db FILE keeps them",)
        for line in lasting:
            Console(soft_wrap=True).print(line, highlight=False, markup=False)


async def play(plan: Plan, ports: Ports, *, show: bool) -> None:
    """Start the parts, watch the broker, stop them in order, also when told to end."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with embedded_broker(ports.broker) as broker:
        plan.configure(broker)
        async with page(plan.config, ports.page) as shown:
            opened = False
            with contextlib.suppress(asyncio.CancelledError):
                async with simulated_band(plan) as band:
                    Console(soft_wrap=True).print(shown.said, highlight=False)
                    if show and shown.address is not None:
                        opened = await asyncio.to_thread(open_browser, shown.address)
                    async with daemon(plan) as running:
                        await watch(plan, broker, band, running)
            with History.open(plan.db) as past:
                Console().print(summary(past))
            told_to_end = task is not None and task.cancelling()
            if opened and sys.stdin.isatty() and not told_to_end:
                Console(soft_wrap=True).print("the page stays until Enter or Ctrl-C")
                await enter()


@contextlib.asynccontextmanager
async def simulated_band(plan: Plan) -> AsyncIterator[Process]:
    """firmware_sim on its air; it begins to move when the daemon reads it."""
    if find_spec("bumble") is None:
        raise extra_missing("the simulated band", "bumble", "demo")
    # A new band each time: what an earlier one shared with this history is of no use.
    Bonds(bonds_beside(plan.db)).forget(ADDRESS)
    command = ["-m", "firmware_sim", "--listen", plan.air, "--seed", str(plan.seed)]
    command += ["--speed", str(plan.speed), "--total-s", str(plan.total_s), "--address", ADDRESS]
    # Without a flash it counts from nothing: a boot of its own keeps it apart in a kept history.
    command += ["--boot-id", str(random.randint(1, 0xFFFF))]  # noqa: S311 - a name, no secret
    async with process("simulated band", *command, "--start-on-connect") as band:
        await first_line("simulated band", band)
        yield band


@contextlib.asynccontextmanager
async def daemon(plan: Plan) -> AsyncIterator[Process]:
    """The daemon as at home."""
    command = ["-m", "tracker", "run", "--config", str(plan.config), "--log", "warning"]
    async with process("daemon", *command) as running:
        yield running


async def watch(plan: Plan, broker: int, band: Process, running: Process) -> None:
    """Show what the broker tells until the session has ended, or a part has."""
    speed = f" · {plan.speed:g} times real time" if plan.speed != 1 else ""
    picture = Picture(f"stretchband · simulated band on a virtual radio{speed}", TARGET_S)
    over = asyncio.Event()
    with on_terminal(picture) if sys.stdout.isatty() else line_by_line(picture) as draw:
        listening = asyncio.create_task(listen(broker, picture, draw, over))
        ended = asyncio.create_task(last_line(band))
        gone = asyncio.create_task(running.wait())
        try:
            await asyncio.wait(
                [listening, ended, gone],
                timeout=plan.seconds + STARTING_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ended.done() and not gone.done() and not listening.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), LAST_WORD_S)
        finally:
            for task in (listening, ended, gone):
                task.cancel()
            results = await asyncio.gather(listening, ended, gone, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def last_line(band: Process) -> None:
    """Read what the band says until it has moved to the end, or died."""
    assert band.stdout is not None
    async for line in band.stdout:
        if msgspec.json.decode(line).get("ended"):
            return


async def listen(broker: int, picture: Picture, draw: Draw, over: asyncio.Event) -> None:
    """Any subscriber in the house sees what is seen here."""
    async with aiomqtt.Client("127.0.0.1", broker) as client:
        await client.subscribe("stretchband/band/+/+", qos=1)
        async for message in client.messages:
            leaf = message.topic.value.rsplit("/", 1)[-1]
            payload = bytes(message.payload)
            if leaf == "live":
                for point in _points.decode(payload):
                    picture.feel(point)
                draw(None)
            elif leaf == "state":
                state = _state.decode(payload)
                picture.connected, picture.battery = state.connected, state.battery
                draw(None)
            elif leaf in ("event", "late"):
                event = from_json(payload)
                picture.hear(event)
                draw(event)
                if isinstance(event, SessionEnded):
                    over.set()


@contextlib.contextmanager
def on_terminal(picture: Picture) -> Iterator[Draw]:
    """A picture that is drawn again and again."""
    with Screen(picture.render(), auto_refresh=False, transient=True) as screen:
        yield lambda _event: screen.update(picture.render(), refresh=True)


@contextlib.contextmanager
def line_by_line(picture: Picture) -> Iterator[Draw]:
    """Where there is no terminal: a line for what matters."""
    console = Console()
    console.print(picture.title, highlight=False)

    def tell(event: Event | None) -> None:
        said = in_one_line(event)
        if said:
            console.print(said, highlight=False)

    yield tell


def in_one_line(event: Event | None) -> str | None:
    """A hold's beginning, target and end."""
    match event:
        case HoldStarted():
            return f"hold   {in_words(event.stretch)} {leg(event.side)}".rstrip()
        case TargetReached():
            return f"target {event.target_s:.0f} s reached"
        case HoldDropped():
            return f"       {WHY_NONE[event.reason]}"
        case HoldEnded():
            return f"ended  {event.duration_s:.1f} s, {count(event.breaths, 'breath')}"
        case _:
            return None
