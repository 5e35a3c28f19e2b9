"""Signing in and out, and the choice of a language: the only pages that need no session."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from admin.web import language
from admin.web.house import House
from admin.web.received import form_of, sent_from_here
from admin.web.visit import FORBIDDEN, SESSION_COOKIE, UNUSABLE, Visit, page, safely, tongue_of
from campaigns.callers import passwords, signing_in
from campaigns.callers.access import STAFF, Right
from campaigns.callers.refusals import SignInRefused
from campaigns.callers.signing_in import SignedIn
from database.callers import staff as accounts
from database.session import Database
from rules.sentence import Language

HASHED_AT_ONCE = 2
"""Passwords: each takes 64 MiB and a core, for anybody who sends one. Pages have other threads."""
BROWSER_COOKIE = "tierwise_browser"
YEAR_SECONDS = 365 * 24 * 3600


def routes(house: House) -> Sequence[Route]:
    """Where people come in."""
    hashing = CapacityLimiter(HASHED_AT_ONCE)

    async def sign_in(request: Request) -> Response:
        filled = await form_of(request)
        if request.method != "POST":
            return await run_in_threadpool(safely, house, request, form, house, request)
        if not house.passwords or not sent_from_here(request):
            return await run_in_threadpool(safely, house, request, partial(form, status=FORBIDDEN), house, request)
        name, password = str(filled.get("name", "")).strip(), str(filled.get("password", ""))
        enter = partial(safely, house, request, _enter, house, request, name, password)
        return await to_thread.run_sync(enter, limiter=hashing)

    return (
        Route("/sign-in", sign_in, name="sign_in", methods=["GET", "POST"]),
        Route("/sign-out", page(house, _leave, Right(STAFF)), name="sign_out", methods=["POST"]),
        Route("/language", _speak, name="language", methods=["POST"]),
    )


def welcome(house: House, token: str, target: str) -> Response:
    """On to the page that was wanted, signed in."""
    response = RedirectResponse(_inside(target), 303)
    response.set_cookie(
        SESSION_COOKIE, token, max_age=int(signing_in.SESSION.total_seconds()), httponly=True, samesite="lax",
        secure=house.secure,
    )  # fmt: skip
    return response


def _enter(house: House, request: Request, name: str, password: str) -> Response:
    try:
        browser = request.cookies.get(BROWSER_COOKIE, "")
        given = entered(house.database, name, password, datetime.now(UTC), browser=browser)
    except SignInRefused as refusal:
        return form(house, request, refusal=refusal, status=UNUSABLE, name=name)
    response = welcome(house, given.session, request.query_params.get("next", "/"))
    response.set_cookie(
        BROWSER_COOKIE, given.browser, max_age=int(signing_in.KNOWN.total_seconds()), httponly=True, samesite="lax",
        secure=house.secure,
    )  # fmt: skip
    return response


def entered(database: Database, name: str, password: str, now: datetime, *, browser: str = "") -> SignedIn:
    """With a password, which is checked between two transactions: a good hash takes long on purpose.

    Raises SignInRefused.
    """
    with database.reading() as snapshot:
        account = accounts.get(snapshot, name)
        stored = None if account is None else account.password_hash
    right = passwords.is_right(password, stored)
    with database.writing() as transaction:
        given = signing_in.sign_in(transaction, name, now, right=right, browser=browser)
    if isinstance(given, SignInRefused):
        raise given
    return given


def form(
    house: House, request: Request, *, refusal: SignInRefused | None = None, status: int = 200, name: str = ""
) -> Response:
    """Where people say who they are, and what was wrong with how they said it."""
    with house.database.reading() as snapshot:
        nobody = not accounts.any_account(snapshot)
    values = {
        "refusal": refusal, "nobody": nobody, "path": f"/sign-in?{request.query_params}", "passwords": house.passwords,
        "provider": None if house.identities is None else house.identities.provider,
        "target": request.query_params.get("next", "/"), "left": "left" in request.query_params,
        "name": name,
    }  # fmt: skip
    return house.render(tongue_of(request), "sign_in.html", values, status)


def _leave(visit: Visit) -> Response:
    with visit.house.database.writing() as transaction:
        signing_in.sign_out(transaction, visit.token)
    response = visit.go("/sign-in?left=1")
    response.delete_cookie(SESSION_COOKIE)
    return response


async def _speak(request: Request) -> Response:
    filled = await form_of(request)
    wanted = str(filled.get("language", ""))
    response = RedirectResponse(_inside(str(filled.get("next", "/"))), 303)
    if wanted in set(Language):
        response.set_cookie(language.COOKIE, wanted, max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    return response


def _inside(target: str) -> str:
    """Only ever a path of this admin: a link must not send somebody elsewhere after signing in."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
