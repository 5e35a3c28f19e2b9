"""The admin as a whole: every page, its assets, and the headers that keep browsers out of trouble."""

import time
from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.web import provider_sign_in, sign_in
from admin.web.assets import HTMX, STATIC, addresses, htmx_file
from admin.web.house import House
from admin.web.pages import SECTIONS
from admin.web.visit import MISSING, tongue_of

DAY_SECONDS = 86_400
YEAR_SECONDS = 365 * DAY_SECONDS
HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
"""Nothing but our own files runs or is shown, so that text of customers can never become a script."""


def application(house: House) -> Starlette:
    """Ready to be served; the caller closes the database."""
    pages = [route for section in SECTIONS for route in section.routes(house)]
    return Starlette(
        routes=[
            *pages,
            *sign_in.routes(house),
            *(provider_sign_in.routes(house, house.identities) if house.identities else ()),
            Route("/healthz", _health),
            _assets(),
        ],
        middleware=[Middleware(Shield)],
        exception_handlers={MISSING: partial(_missing, house)},
    )


def _assets() -> Mount:
    """They alone leave compressed: the length of a compressed page would tell of its form's token (BREACH)."""
    return Mount(
        "/static",
        routes=[Route(f"/{HTMX}", _htmx), Mount("/", StaticFiles(directory=STATIC))],
        middleware=[Middleware(GZipMiddleware)],
    )


class Shield:
    """Adds the headers, and says in Server-Timing how long the page took to make."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        started = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.append("server-timing", f"page;dur={(time.perf_counter() - started) * 1000:.1f}")
                headers["cache-control"] = _kept(scope, message["status"])
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def _kept(scope: Scope, status: int) -> str:
    """How long a browser may keep an answer: our own files for ever where their version stands in the address."""
    if not scope["path"].startswith("/static/") or status >= HTTPStatus.BAD_REQUEST:
        return "no-store"
    if f"{scope['path']}?{scope['query_string'].decode('latin-1')}" in addresses():
        return f"public, max-age={YEAR_SECONDS}, immutable"
    return f"public, max-age={DAY_SECONDS}"


async def _missing(house: House, request: Request, _error: Exception) -> Response:
    return house.render(tongue_of(request), "missing.html", {}, MISSING)


async def _htmx(_request: Request) -> Response:
    return FileResponse(htmx_file(), media_type="text/javascript")


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")
