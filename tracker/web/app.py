"""The page's server: static files, what the broker tells, the history, a few words back.

GET  /                     the page           GET  /live                server-sent events
GET  /history              the whole in sums  GET  /sessions?before=    the latest sessions
GET  /sessions/ID          holds and breaths  GET  /sessions/ID/angles  sample by sample
POST /bands/ID/COMMAND     a word to a band   POST /holds/ID            a correction
POST /login                the password
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tracker.errors import NOT_JSON, StretchbandError
from tracker.mqtt.commands import parse
from tracker.store import History
from tracker.store.corrections import Correction, correct
from tracker.web import past
from tracker.web.access import Door
from tracker.web.feed import Feed, NotConnectedError, clock

STATIC = Path(__file__).parent / "static"
FREE = {
    "/login",
    *(f"/static/{name}" for name in ("style.css", "login.js", "icon.svg", "figtree.woff2")),
}
PING_S = 5
AT_ONCE = 20  # sessions; history.js knows it, too
MOST_BYTES = 8192
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
T = TypeVar("T")


def application(feed: Feed, db_path: Path, door: Door) -> Starlette:
    """The whole server as an ASGI application; `feed` runs as long as it does."""
    pages = _Pages(feed, db_path, door)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run(), name="feed")
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", pages.index),
            Route("/live", pages.live),
            Route("/history", pages.history),
            Route("/sessions", pages.sessions),
            Route("/sessions/{session_id}", pages.session),
            Route("/sessions/{session_id}/angles", pages.angles),
            Route("/bands/{band_id}/{command}", pages.say, methods=["POST"]),
            Route("/holds/{hold_id}", pages.correct, methods=["POST"]),
            Route("/login", pages.login, methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=5),
            Middleware(
                SessionMiddleware,
                secret_key=door.cookie_key,
                session_cookie="stretchband",
                same_site="strict",
                max_age=90 * 86400,
            ),
            Middleware(BaseHTTPMiddleware, dispatch=pages.guard),
        ],
        exception_handlers={StretchbandError: _told},
    )


class _Pages:
    def __init__(self, feed: Feed, db_path: Path, door: Door) -> None:
        self._feed, self._db_path, self._door = feed, db_path, door

    async def guard(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Nobody without the password, nothing from another site, no header left out."""
        path = request.url.path
        if not self._door.answers_to(request.headers.get("host", "")):
            response: Response = _no(421, "this is not a name of this page: dashboard.names")
        elif request.method == "POST" and not _is_ours(request):
            response = _no(403, "this comes from another page")
        elif self._door.is_open or request.session.get("in") or path in FREE:
            response = await call_next(request)
        elif path == "/":
            response = RedirectResponse("/login", 303)
        else:
            response = _no(401, "log in first")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def index(self, _request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def login(self, request: Request) -> Response:
        if request.method == "GET":
            return FileResponse(STATIC / "login.html")
        address = request.client.host if request.client else ""
        told = await _body(request, _Login)  # before the look: many at once must not all pass it
        wait_s = self._door.wait_s(address)
        if wait_s > 0.0:
            response = _no(429, f"too many tries; again in {wait_s:.0f} s")
            response.headers["Retry-After"] = f"{wait_s:.0f}"
            return response
        if not self._door.admit(address, told.password):
            _log.warning("a login from %s with a wrong password", address)
            return _no(403, "that is not the password")
        request.session["in"] = True
        return JSONResponse({})

    async def live(self, _request: Request) -> Response:
        async def events() -> AsyncIterator[ServerSentEvent]:
            async for told in self._feed.follow():
                yield ServerSentEvent(f"{told.band_id}\n{told.data}", event=told.kind)

        return EventSourceResponse(
            events(), ping=PING_S, ping_message_factory=_clock, send_timeout=10
        )

    async def history(self, _request: Request) -> Response:
        return _json(await self._ask(past.past))

    async def sessions(self, request: Request) -> Response:
        before = request.query_params.get("before") or "9999"
        return _json(await self._ask(lambda history: past.sessions(history, before, AT_ONCE)))

    async def session(self, request: Request) -> Response:
        session_id = request.path_params["session_id"]
        return _json(await self._ask(lambda history: _session(history, session_id)))

    async def angles(self, request: Request) -> Response:
        session_id = request.path_params["session_id"]

        def ask(history: History) -> bytes:
            return past.angles(history, _session(history, session_id))

        return Response(await self._ask(ask), media_type="application/octet-stream")

    async def say(self, request: Request) -> Response:
        payload = await _bytes(request)
        command = request.path_params["command"]
        parse(command, payload)
        await self._feed.say(request.path_params["band_id"], command, payload.decode())
        return JSONResponse({}, 202)

    async def correct(self, request: Request) -> Response:
        said = await _body(request, Correction)
        hold_id = request.path_params["hold_id"]
        await asyncio.to_thread(correct, self._db_path, hold_id, said)
        return JSONResponse({})

    async def _ask(self, question: Callable[[History], T]) -> T:
        def ask() -> T:
            with History.open(self._db_path) as history, history.snapshot():
                return question(history)

        return await asyncio.to_thread(ask)


class _Login(msgspec.Struct, forbid_unknown_fields=True):
    password: str


class _MissingError(StretchbandError):
    """There is nothing of that name."""


def _session(history: History, session_id: str) -> dict[str, object]:
    found = past.session(history, session_id)
    if found is None:
        raise _MissingError(f"there is no session {session_id[:60]!r}")
    return found


async def _bytes(request: Request) -> bytes:
    """The body. Raises StretchbandError for one that is too long."""
    read = b""
    async for piece in request.stream():
        read += piece
        if len(read) > MOST_BYTES:
            raise StretchbandError(f"more than {MOST_BYTES} bytes are not read")
    return read


async def _body(request: Request, of: type[T]) -> T:
    try:
        return msgspec.json.decode(await _bytes(request), type=of)
    except NOT_JSON as error:
        raise StretchbandError(str(error)) from None


def _is_ours(request: Request) -> bool:
    origin = request.headers.get("origin")
    json = request.headers.get("content-type", "").startswith("application/json")
    ours = origin is None or _site(origin) == request.headers.get("host")
    return json and ours and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _site(origin: str) -> str | None:
    """Name and port; None for what is no address, such as `http://[`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _clock() -> ServerSentEvent:
    """Said again and again: a page that hears nothing knows that it has lost us."""
    told = clock()
    return ServerSentEvent(f"{told.band_id}\n{told.data}", event=told.kind)


def _json(record: object) -> Response:
    return Response(_encode(record), media_type="application/json")


def _no(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status)


def _told(_request: Request, error: Exception) -> Response:
    if isinstance(error, _MissingError):
        return _no(404, str(error))
    return _no(503 if isinstance(error, NotConnectedError) else 400, str(error))
