"""Imports point one way: cli, daemon -> bands, mqtt, export, store, config -> detect."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each layer may import of ours, from the inside out.
ERRORS = {"tracker.errors", "tracker.plain"}
DETECT = {"tracker.detect"} | ERRORS
MAY_IMPORT = {
    "tracker.words": set[str](),
    "tracker.plain": set[str](),
    "tracker.errors": {"tracker.plain"},
    "tracker.detect": DETECT,
    "tracker.clock": set[str](),
    "tracker.host_time": set[str](),
    "tracker.systemd": {"tracker.plain"},
    "tracker.recordings": DETECT,
    "tracker.bands": DETECT | {"tracker.bands", "tracker.host_time"},
    "tracker.config": DETECT | {"tracker.config"},
    "tracker.store": DETECT
    | {"tracker.bands.stretchband", "tracker.bands.reader", "tracker.store"}
    | {"tracker.clock", "tracker.words"},
    "tracker.export": DETECT | {"tracker.store", "tracker.export"},
    "tracker.plot": DETECT | {"tracker.plot", "tracker.export.destination", "tracker.words"},
    "tracker.report": DETECT | {"tracker.store", "tracker.report"},
    "tracker.mqtt": DETECT | {"tracker.mqtt", "tracker.bands.stretchband"},
    "firmware_sim": {"firmware_sim", "tracker.bands.stretchband"},
}
OUTERMOST = {
    "tracker.__main__",
    "tracker.band_time",
    "tracker.cli",
    "tracker.daemon",
    "tracker.doctor",
    "tracker.reanalysis",
    "tracker.recorder",
    "tracker.replay",
    "tracker.web",
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("tracker", "firmware_sim"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(p for p in parts if p != "__init__"), path


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    return tuple(_imports(ast.parse(path.read_text("utf-8")), path))


def _imports(tree: ast.Module, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, layers: set[str]) -> bool:
    return any(name == layer or name.startswith(layer + ".") for layer in layers)


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=[n for n, _ in modules()])
def test_a_module_imports_only_inwards(name: str, path: Path) -> None:
    if name == "tracker" or within(name, OUTERMOST):
        return
    layer = max((key for key in MAY_IMPORT if within(name, {key})), key=len, default=None)
    assert layer is not None, f"{name} has no layer: give it one here"
    for imported in imports_of(path):
        if within(imported, {"tracker", "firmware_sim"}):
            assert within(imported, MAY_IMPORT[layer]), f"{name} imports {imported}"


def test_no_imports_go_in_a_circle() -> None:
    """Nor those within functions, nor those for types."""
    known = dict(modules())
    graph = {
        name: {nearest(imported, known) for imported in imports_of(path)} - {name, None}
        for name, path in known.items()
    }
    TopologicalSorter(graph).prepare()


def nearest(imported: str, known: Container[str]) -> str | None:
    """The module of ours that an imported name is of."""
    while imported and imported not in known:
        imported = imported.rpartition(".")[0]
    return imported or None


def test_the_detector_knows_nothing_but_samples() -> None:
    allowed = {
        "__future__",
        "bisect",
        "collections",
        "dataclasses",
        "enum",
        "functools",
        "itertools",
        "math",
        "statistics",
    }
    allowed |= {"importlib", "re", "typing", "msgspec", "numpy", "scipy", "tracker"}
    for name, path in modules():
        if within(name, {"tracker.detect"}):
            roots = {imported.split(".")[0] for imported in imports_of(path)}
            assert roots <= allowed, f"{name} imports {sorted(roots - allowed)}"


def test_only_the_radios_know_bleak() -> None:
    users = {
        name for name, path in modules() if any(i.startswith("bleak") for i in imports_of(path))
    }
    radios = ("radio", "system_radio", "bluez_radio", "bluez")
    over_bumble = ("bumble_radio", "bumble_scanner", "bumble_client")
    assert users == {f"tracker.bands.{part}" for part in (*radios, *over_bumble)}


def test_only_the_drawing_of_a_picture_knows_matplotlib() -> None:
    users = {
        name
        for name, path in modules()
        if any(i.startswith("matplotlib") for i in imports_of(path))
    }
    assert users == {
        f"tracker.plot.{part}" for part in ("cards", "lanes", "panels", "sheet", "view")
    }
