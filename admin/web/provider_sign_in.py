"""Signing in through the identity provider: there, and back."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from admin.web.house import House
from admin.web.identities import Identities
from admin.web.provider import BEGUN_SECONDS, Provider
from admin.web.sign_in import form, welcome
from admin.web.visit import UNUSABLE, safely
from campaigns.callers import vouching
from campaigns.callers.refusals import SignInRefused
from campaigns.callers.vouching import Terms, Vouched

COOKIE = "tierwise_sign_in"
PATH = "/sign-in"


def routes(house: House, identities: Identities) -> Sequence[Route]:
    """The way there and the way back."""

    async def go(request: Request) -> Response:
        return await run_in_threadpool(safely, house, request, _go, house, identities.provider, request)

    async def back(request: Request) -> Response:
        return await run_in_threadpool(safely, house, request, _back, house, identities, request)

    return (
        Route("/sign-in/provider", go, name="provider"),
        Route("/sign-in/callback", back, name="provider_callback"),
    )


def _go(house: House, provider: Provider, request: Request) -> Response:
    try:
        begun = provider.begin(_callback(request), request.query_params.get("next", "/"))
    except SignInRefused as refusal:
        return form(house, request, refusal=refusal, status=UNUSABLE)
    response = RedirectResponse(begun.address, 303)
    response.set_cookie(
        COOKIE, begun.keepsake, max_age=BEGUN_SECONDS, path=PATH, httponly=True, samesite="lax", secure=house.secure
    )
    return response


def _back(house: House, identities: Identities, request: Request) -> Response:
    try:
        proven = identities.provider.finish(request.query_params, request.cookies.get(COOKIE, ""), _callback(request))
        who = vouching.vouched(proven.claims, identities.terms)
        response = welcome(house, _admitted(house, who, identities.terms, datetime.now(UTC)), proven.target)
    except SignInRefused as refusal:
        response = form(house, request, refusal=refusal, status=UNUSABLE)
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _admitted(house: House, who: Vouched, terms: Terms, now: datetime) -> str:
    try:
        with house.database.writing() as transaction:
            return vouching.admit(transaction, who, terms, now)
    except SignInRefused as refusal:
        with house.database.writing() as transaction:
            vouching.deny(transaction, who, refusal, now)
        raise


def _callback(request: Request) -> str:
    return str(request.url_for("provider_callback"))
