"""How does a wheel get a compiled detector? By mypyc, and only where it is asked for.

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 pip install .

The sources stay what they are; what is compiled of them lies beside them in the wheel, and never in
the folder that it was built from.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED = Path("tracker/detect")
# A record of msgspec is made by its metaclass from words behind its name, which mypyc drops; and
# nothing is gained where there is nothing to do.
INTERPRETED = {"__init__.py", "events.py", "taught.py", "trace.py"}
# No product is rounded away before it is added: the same bits on every machine, as in Python.
TO_THE_BIT = "-ffp-contract=off"


def sources(root: Path) -> list[str]:
    """The files that are compiled, from the project's folder."""
    paths = (path for path in (root / COMPILED).rglob("*.py") if path.name not in INTERPRETED)
    return sorted(str(path.relative_to(root)) for path in paths)


class CompiledDetector(BuildHookInterface[Any]):
    """Compiles outside of the project, and puts what came out into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the wheel only points at the project (an editable install)."""
        if version == "editable":
            return
        self._outside = TemporaryDirectory()
        build_data["force_include"] |= compiled(Path(self.root), Path(self._outside.name))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, *_: object) -> None:
        """The wheel is written."""
        if version != "editable":
            self._outside.cleanup()


def compiled(root: Path, outside: Path) -> dict[str, str]:
    """The libraries that were built outside, each with its place in the wheel."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    extensions = mypycify(
        [f"--cache-dir={outside / 'mypy'}", *sources(root)], target_dir=str(outside / "c")
    )
    for extension in extensions:
        extension.extra_compile_args.append(TO_THE_BIT)
    detector = Distribution({"name": "detector", "ext_modules": extensions})
    build = detector.get_command_obj("build_ext")
    build.build_lib, build.build_temp = str(outside / "lib"), str(outside / "tmp")
    build.ensure_finalized()
    build.run()
    return {path: str(Path(path).relative_to(outside / "lib")) for path in build.get_outputs()}
