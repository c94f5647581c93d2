"""The page's server without a browser: who gets in, what is refused, what a page may do."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.store.filling import BAND, Told, frame, new_store
from tracker.errors import StretchbandError
from tracker.mqtt.settings import MqttSettings
from tracker.store import Store, StoredCommand
from tracker.web.access import PER_TRY_S, TRIES, Door, check, own_names
from tracker.web.app import application
from tracker.web.feed import Feed

WORD = "open-sesame-4711"
JSON = {"content-type": "application/json"}


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def history(tmp_path: Path) -> Path:
    store = new_store(tmp_path / "history.db")
    store.add(BAND, [frame(seq) for seq in range(200)], Told().session(100.0), None)
    store.close()
    return store.path


async def opened(history: Path, door: Door) -> AsyncIterator[httpx.AsyncClient]:
    app = application(Feed(MqttSettings(port=1)), history, door)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8095") as client:
        yield client


@pytest.fixture
async def page(history: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for client in opened(history, Door(None)):
        yield client


@pytest.fixture
async def guarded(history: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for client in opened(history, Door(WORD)):
        yield client


async def try_word(client: httpx.AsyncClient, word: str) -> httpx.Response:
    return await client.post("/login", json={"password": word})


@pytest.mark.parametrize("path", ["/history", "/sessions", "/live", "/static/live.js"])
async def test_without_the_password_nothing_is_shown(guarded: httpx.AsyncClient, path: str) -> None:
    answer = await guarded.get(path)
    assert (answer.status_code, answer.json()) == (401, {"error": "log in first"})
    assert (await guarded.get("/")).headers["location"] == "/login"
    assert (await try_word(guarded, WORD)).status_code == 200
    if path != "/live":
        assert (await guarded.get(path)).status_code == 200


async def test_a_login_that_keeps_failing_has_to_wait(guarded: httpx.AsyncClient) -> None:
    for _ in range(TRIES):
        answer = await try_word(guarded, "wrong")
        assert (answer.status_code, answer.json()["error"]) == (403, "that is not the password")
    answer = await try_word(guarded, WORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= PER_TRY_S


def test_each_address_waits_for_itself_and_not_for_ever() -> None:
    clock = Clock()
    door = Door(WORD, clock)
    for _ in range(TRIES):
        assert door.wait_s("a") == 0.0
        assert not door.admit("a", "wrong")
    assert door.wait_s("a") == PER_TRY_S
    assert door.wait_s("b") == 0.0
    clock.now_s += PER_TRY_S
    assert door.wait_s("a") == 0.0
    assert door.admit("a", WORD)
    assert Door(None).admit("a", "")


def test_a_cookie_outlives_a_restart_and_not_a_new_password() -> None:
    assert Door(WORD).cookie_key == Door(WORD).cookie_key != Door(WORD + "!").cookie_key


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.9", "::", "tablet.local"])  # noqa: S104
def test_others_are_let_in_only_with_a_password(host: str) -> None:
    with pytest.raises(StretchbandError, match=r"dashboard\.password_file"):
        check(host, None)
    check(host, WORD)
    with pytest.raises(StretchbandError, match="too short; at least 8"):
        check(host, "short")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    check(host, None)


@pytest.mark.parametrize(
    "headers",
    [
        {**JSON, "origin": "http://elsewhere"},
        {**JSON, "origin": "http://["},
        {**JSON, "sec-fetch-site": "cross-site"},
        {"content-type": "text/plain"},
    ],
)
async def test_another_page_cannot_act_here(
    page: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await page.post(f"/bands/{BAND}/end", content=b"", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"error": "this comes from another page"})


@pytest.mark.parametrize("path", ["/", "/history", "/live", "/login", "/static/live.js"])
async def test_a_name_that_is_not_ours_is_not_answered(page: httpx.AsyncClient, path: str) -> None:
    """A page of the internet whose name was given our address reaches nothing."""
    for host in ("rebind.example", "rebind.example:8095", "127.0.0.1.rebind.example", "", "[::1"):
        answer = await page.get(path, headers={"host": host})
        assert answer.status_code == 421, host
        assert answer.headers["x-frame-options"] == "DENY"
        act = await page.post(
            f"/bands/{BAND}/end", headers={**JSON, "host": host, "origin": f"http://{host}"}
        )
        assert act.status_code == 421


def test_the_page_answers_to_addresses_this_machines_names_and_those_of_the_config() -> None:
    door = Door(None, names=own_names("tablet.local", "Stretch.Example"))
    machine = socket.gethostname()
    for name in ("127.0.0.1", "[::1]", "192.168.1.5", "localhost", machine, f"{machine}.local"):
        assert door.answers_to(name)
        assert door.answers_to(f"{name}:8095")
    assert door.answers_to("tablet.local")
    assert door.answers_to("stretch.example:443")
    assert not door.answers_to("other.example")


async def test_tries_that_come_at_once_do_not_all_pass(guarded: httpx.AsyncClient) -> None:
    """Each has begun before the first was found wrong."""
    everyone = asyncio.Event()
    waiting = 0

    async def slowly(word: str) -> AsyncIterator[bytes]:
        nonlocal waiting
        waiting += 1
        if waiting == 4 * TRIES:
            everyone.set()
        await everyone.wait()
        yield json.dumps({"password": word}).encode()

    tries = [
        guarded.post("/login", content=slowly(f"wrong {n}"), headers=JSON) for n in range(4 * TRIES)
    ]
    async with asyncio.timeout(20):
        statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(statuses) == [403] * TRIES + [429] * 3 * TRIES


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/config.py",
        "/static//etc/passwd",
    ],
)
async def test_no_path_leads_out_of_the_static_files(page: httpx.AsyncClient, path: str) -> None:
    answer = await page.get(path)
    assert answer.status_code == 404
    assert b"import" not in answer.content


async def test_a_body_of_a_thousand_brackets_is_refused(page: httpx.AsyncClient) -> None:
    for body in (b"[" * 8000, b'{"note":' + b"[" * 8000, b"\xff"):
        for path in ("/holds/nowhere", "/login", f"/bands/{BAND}/buzz"):
            assert (await page.post(path, content=body, headers=JSON)).status_code == 400


async def test_every_answer_forbids_what_is_not_ours(page: httpx.AsyncClient) -> None:
    for path in ("/", "/static/live.js", "/history", "/nowhere"):
        headers = (await page.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"


async def test_files_name_nothing_outside_of_the_house() -> None:
    static = Path(__file__).parents[2] / "tracker" / "web" / "static"
    for file in static.iterdir():
        if file.suffix == ".woff2" or file.name.endswith("LICENSE.txt"):
            continue
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        if not file.name.startswith("uPlot"):
            assert "http" not in text.replace("http-equiv", ""), file.name
            assert " style=" not in text, file.name
            assert " onclick=" not in text, file.name


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        (f"/bands/{BAND}/jump", b"", 400, "there is no command 'jump'"),
        (f"/bands/{BAND}/end", b"x", 400, "end: has no payload"),
        (f"/bands/{BAND}/end", b"", 503, "cannot be reached"),
        ("/holds/nowhere", b"{}", 400, "there is no finished hold 'nowhere'"),
        ("/holds/nowhere", b'{"side":"both"}', 400, "Invalid"),
        ("/holds/nowhere", b'{"stretch":"<b>=1+1"}', 400, "regex"),
        ("/holds/nowhere", b"{" * 9000, 400, "more than 8192 bytes"),
        ("/login", b'{"word":"x"}', 400, "word"),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    page: httpx.AsyncClient, path: str, body: bytes, status: int, told: str
) -> None:
    answer = await page.post(path, content=body, headers=JSON)
    assert answer.status_code == status
    assert told in answer.json()["error"]


async def test_a_session_is_told_whole_and_sample_by_sample(page: httpx.AsyncClient) -> None:
    (one,) = (await page.get("/sessions")).json()
    told = (await page.get(f"/sessions/{one['session_id']}")).json()
    assert [hold["measured_stretch"] for hold in told["holds"]] == ["hamstring", "hamstring"]
    assert len(told["breaths"]) == 9
    angles = (await page.get(f"/sessions/{one['session_id']}/angles")).content
    pairs = list(struct.iter_unpack("<ff", angles))
    assert pairs
    assert all(0.0 <= degrees <= 180.0 for _, degrees in pairs)
    times = [t for t, _ in pairs]
    assert times == sorted(times)
    assert (await page.get("/sessions/nowhere")).status_code == 404


async def test_pain_is_told_by_its_session_also_where_no_hold_was_counted(
    history: Path, page: httpx.AsyncClient
) -> None:
    store = Store.open(history)
    told = [(95.0, "{}"), (170.0, '{"note":"behind the knee"}'), (240.6 + 600.0, ""), (80.0, "")]
    pains = [StoredCommand(1, t_s, "pain", payload) for t_s, payload in told]
    others = [StoredCommand(1, 150.0, "end", ""), StoredCommand(2, 170.0, "pain", "")]
    store.add(BAND, [], [], None, commands=[*pains, *others])
    store.close()
    (one,) = (await page.get("/sessions")).json()
    assert one["pains"] == 2
    session = (await page.get(f"/sessions/{one['session_id']}")).json()
    assert session["pains"] == [
        {"t_s": 95.0, "note": None},
        {"t_s": 170.0, "note": "behind the knee"},
    ]


async def test_sums_follow_a_correction(page: httpx.AsyncClient) -> None:
    before = (await page.get("/history")).json()
    (one,) = (await page.get("/sessions")).json()
    hold = (await page.get(f"/sessions/{one['session_id']}")).json()["holds"][0]
    said = json.dumps({"deleted": True})
    path = f"/holds/{hold['hold_id']}"
    assert (await page.post(path, content=said, headers=JSON)).status_code == 200
    after = (await page.get("/history")).json()
    assert after["holds"] == before["holds"] - 1
    assert after["hold_s"] == pytest.approx(before["hold_s"] - hold["duration_s"], abs=0.11)
