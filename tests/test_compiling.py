"""What of the detector is compiled, and for whom? For nobody who does not ask for it."""

from __future__ import annotations

import ast
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
from hatchling.builders.wheel import WheelBuilder

from hatch_build import COMPILED, INTERPRETED, sources
from tests.test_dependencies import EXTRAS, NEEDED, declared
from tests.test_layers import ROOT

ASKED_FOR = "HATCH_BUILD_HOOK_ENABLE_CUSTOM"


def wheel(monkeypatch: pytest.MonkeyPatch, asked: str | None) -> WheelBuilder:
    monkeypatch.delenv("HATCH_BUILD_HOOKS_ENABLE", raising=False)
    monkeypatch.delenv(ASKED_FOR, raising=False)
    if asked is not None:
        monkeypatch.setenv(ASKED_FOR, asked)
    return WheelBuilder(str(ROOT))


def test_a_wheel_is_pure_and_needs_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    config = wheel(monkeypatch, asked=None).config
    assert config.hook_config == {}
    assert config.dependencies == []


def test_a_compiled_wheel_has_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = wheel(monkeypatch, asked="1")
    hooks = builder.get_build_hooks(str(ROOT / "dist"))
    assert [type(hook).__name__ for hook in hooks.values()] == ["CompiledDetector"]


def test_what_compiles_is_in_the_lock_and_not_needed_to_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiles = declared(wheel(monkeypatch, asked="1").config.dependencies)
    assert {"mypy", "setuptools"} <= compiles - NEEDED
    assert compiles - NEEDED <= declared(EXTRAS["dev"])


def test_an_editable_install_stays_python(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = wheel(monkeypatch, asked="1")
    (hook,) = builder.get_build_hooks(str(ROOT / "dist")).values()
    asked: dict[str, object] = {}
    hook.initialize("editable", asked)
    hook.finalize("editable", asked, "")
    assert asked == {}


def test_each_file_of_the_detector_is_compiled_or_left_out_by_name() -> None:
    paths = set((ROOT / COMPILED).rglob("*.py"))
    compiled = {ROOT / source for source in sources(ROOT)}
    assert {path.name for path in paths - compiled} == INTERPRETED
    assert compiled <= paths


@pytest.mark.parametrize("source", sources(ROOT))
def test_no_class_that_is_compiled_has_words_behind_its_bases(source: str) -> None:
    """Mypyc drops them without a word: `frozen` and the names of msgspec's records."""
    classes = [
        c
        for c in ast.walk(ast.parse((ROOT / source).read_text("utf-8")))
        if isinstance(c, ast.ClassDef)
    ]
    assert not [c.name for c in classes if c.keywords]


@pytest.mark.parametrize("source", sources(ROOT))
def test_floats_are_added_alike_by_each_python_and_compiled(source: str) -> None:
    """From Python 3.12 on `sum` keeps what rounding loses, compiled and before it does not."""
    tree = ast.parse((ROOT / source).read_text("utf-8"))
    called = {
        c.func.id
        for c in ast.walk(tree)
        if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)
    }
    assert "sum" not in called


def test_nothing_compiled_lies_beside_the_sources() -> None:
    assert not [p for suffix in EXTENSION_SUFFIXES for p in (ROOT / "tracker").rglob(f"*{suffix}")]
