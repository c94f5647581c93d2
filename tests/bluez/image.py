"""What the machine boots from: made once, kept in the cache, made anew when its recipe changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.bluez.needs import needs

HERE: Final = Path(__file__).parent
PREPARE_S: Final = 900.0
PROGRAMS: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
}


@dataclass(frozen=True, slots=True)
class Image:
    """The files that QEMU takes."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"


def cache() -> Path:
    """Where images are kept: outside of the repository, so that clones share them."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "stretchband-bluez"


@contextmanager
def image() -> Iterator[Image]:
    """The image, kept from being removed as long as it is used. Skips the test where there is none.

    It is whole as soon as it has its name, so one that was begun and not finished is never used.
    """
    missing = [package for program, package in PROGRAMS.items() if not _found(program)]
    if missing:
        _without(f"these Debian packages are missing: {', '.join(missing)}")
    if os.geteuid() != 0:
        _without("a chroot needs root")
    cache().mkdir(parents=True, exist_ok=True)
    wanted = needs()
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second finds it made
        folder = cache() / _recipe(wanted)
        if not folder.is_dir():
            _remove_others()
            _make(folder, wanted)
        used = os.open(folder, os.O_RDONLY)
        fcntl.flock(used, fcntl.LOCK_SH)
    try:
        yield Image(folder)
    finally:
        os.close(used)


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _without(reason: str) -> None:
    """No deep test here; where CI runs them they have to."""
    reason = f"no machine to boot BlueZ on: {reason}"
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def _recipe(wanted: str) -> str:
    """A name for all that goes into the image."""
    digest = hashlib.sha256(wanted.encode())
    for name in ("prepare.sh", "guest/first.sh"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


def _remove_others() -> None:
    """Images of other recipes, and what a killed run left half made; not those in use."""
    for folder in cache().iterdir():
        if not folder.is_dir():
            continue
        used = os.open(folder, os.O_RDONLY)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        finally:
            os.close(used)


def _make(folder: Path, wanted: str) -> None:
    begun = folder.with_suffix(".begun")
    begun.mkdir()
    (begun / "needs").write_text(wanted, "utf-8")
    said = begun / "said"
    with said.open("wb") as sink:
        done = subprocess.run(
            ["timeout", f"{PREPARE_S:g}", "bash", str(HERE / "prepare.sh"), str(begun)],
            check=False, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
        )  # fmt: skip
    if done.returncode != 0:
        tail = said.read_text("utf-8", "replace")[-600:]
        _without(f"its image could not be made (are the package registries reached?): {tail}")
    begun.rename(folder)
