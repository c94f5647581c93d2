"""Which libraries we import, declare and explain: the same ones."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_layers import ROOT, imports_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
OURS = {"firmware_sim", "hatch_build", "tests", "tracker"}
# What nobody gets who only uses it.
OURS_ALONE = {"bench", "dev", "fuzz", "image"}
# Its name cannot be looked up, for it is in an environment of its own.
ELSEWHERE = {"skdh": "scikit-digital-health"}
# Used without an import: by their commands, by pytest, by the build, or by another library.
WITHOUT_IMPORT = {
    *("datasette", "editables", "mypy", "pytest-xdist", "ruff", "scipy-stubs", "setuptools"),
    "itsdangerous",  # Starlette's sessions
}


@cache
def installed() -> Mapping[str, list[str]]:
    """Which libraries bring a package; to ask it takes half a second."""
    return packages_distributions()


def declared(lines: list[str]) -> set[str]:
    """The libraries that these lines name, ours left out."""
    return {str(canonicalize_name(Requirement(line).name)) for line in lines} - {"stretchband"}


NEEDED = declared(PROJECT["dependencies"])
OFFERED = declared([line for extra in EXTRAS.keys() - OURS_ALONE for line in EXTRAS[extra]])
ALL = NEEDED | declared([line for lines in EXTRAS.values() for line in lines])


def imported(folder: str) -> dict[str, Path]:
    """The libraries that the files of a folder import, each with one of these files."""
    return {
        name: path
        for path in sorted((ROOT / folder).rglob("*.py"))
        # What runs inside Home Assistant has its libraries.
        if "house" not in path.relative_to(ROOT).parts
        for module in imports_of(path)
        for name in _libraries(module.partition(".")[0])
    }


def _libraries(package: str) -> Iterator[str]:
    if package in sys.stdlib_module_names or package in OURS:
        return
    name = ELSEWHERE.get(package) or installed().get(package, [package])[0]
    yield canonicalize_name(name)


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [("tracker", NEEDED | OFFERED), ("firmware_sim", NEEDED | OFFERED), ("tests", ALL)],
)
def test_what_is_imported_is_declared(folder: str, allowed: set[str]) -> None:
    undeclared = {n: str(path) for n, path in imported(folder).items() if n not in allowed}
    assert not undeclared


def test_what_is_declared_is_used() -> None:
    used = set().union(*(imported(folder) for folder in ("tracker", "firmware_sim", "tests")))
    assert ALL - used == WITHOUT_IMPORT


def test_what_everybody_gets_is_not_for_the_tests_alone() -> None:
    used = imported("tracker").keys() | imported("firmware_sim").keys()
    assert used | WITHOUT_IMPORT >= NEEDED | OFFERED


def test_each_library_has_its_reason() -> None:
    said = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = {canonicalize_name(name) for name in re.findall(r"`([\w.-]+)`", said)}
    assert explained >= ALL
