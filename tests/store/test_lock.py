"""Two writers on one history: the second is refused; readers are not."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.filling import BAND, Told, frame, new_store
from tracker.errors import StretchbandError
from tracker.store import History, Store, StoreUnavailableError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no flock on Windows")

HOLDER = """
import sys
from pathlib import Path
from tracker.store import Store
store = Store.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def refused(path: Path) -> str:
    with pytest.raises(StretchbandError) as error:
        Store.open(path)
    assert not isinstance(error.value, StoreUnavailableError)  # nobody should wait for it
    return str(error.value)


def test_a_second_writer_is_refused_until_the_first_has_closed(path: Path) -> None:
    first = new_store(path)
    assert refused(path) == f"history {path} is in use by another stretchband run"
    first.add(BAND, [frame(0)], [], None)  # the refusal took nothing from the first
    first.close()
    first.close()
    second = Store.open(path)
    assert second.cursor(BAND) is not None
    assert "is in use" in refused(path)
    second.close()


def test_a_reader_needs_no_lock_and_takes_none(path: Path) -> None:
    store = new_store(path)
    with History.open(path) as history:
        store.add(BAND, [], Told().hold(5.0), None)
        assert len(history.last_holds(None, 9)) == 1
    store.close()
    with History.open(path):
        Store.open(path).close()


def test_another_name_of_the_file_is_the_same_history(path: Path, tmp_path: Path) -> None:
    store = new_store(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert "is in use" in refused(link)
    store.close()


def test_a_killed_writer_holds_it_no_longer(path: Path) -> None:
    new_store(path).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        assert "is in use" in refused(path)
        holder.kill()
    Store.open(path, create=False).close()


def test_a_history_that_cannot_be_opened_is_not_held(path: Path) -> None:
    path.write_text("no database " * 100)
    assert "is not an SQLite database" in refused(path)
    assert "is not an SQLite database" in refused(path)
    path.unlink()
    new_store(path).close()


def test_the_lock_file_is_for_this_user_only_and_stays(path: Path) -> None:
    new_store(path).close()
    lock = path.with_name("history.db.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_a_lock_that_cannot_be_made_is_told(path: Path) -> None:
    path.with_name("history.db.lock").mkdir()
    assert refused(path) == f"history {path} cannot be locked: Is a directory"
