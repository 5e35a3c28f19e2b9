"""One request by somebody who is signed in: who, when, in which language, and the one transaction of the page."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.shell.transactions import recorded
from admin.shell.trouble import explained
from admin.web import done, language
from admin.web.done import Deed, Done
from admin.web.forms.typed import Fields
from admin.web.house import House
from admin.web.kept_form import FORM_TOKEN, beside, is_part, kept, signed_out
from admin.web.received import form_of, sent_from_here
from campaigns.actor import Cause
from campaigns.callers import access, signing_in
from campaigns.callers.access import Right
from campaigns.callers.refusals import PermissionDenied
from campaigns.callers.staff import Person
from campaigns.errors import Changed, NotFound, Refusal
from campaigns.life import switches
from campaigns.life.switches import Stop
from database.session import Snapshot, Transaction
from events.zones import zones
from rules.sentence import Language

SESSION_COOKIE = "tierwise_session"
ZONE_COOKIE = "tierwise_zone"
UTC_ZONE, ALSO_UTC = "UTC", frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"})
STOPS = 20
"""That the banner names."""
FORBIDDEN, CHANGED, UNUSABLE, BROKEN, UNAVAILABLE, MISSING = 403, 409, 422, 500, 503, 404
log = structlog.get_logger("admin")

Change = tuple[Transaction, Cause]


class ForgedForm(Exception):
    """The form does not come from a page of ours."""


class EarlierForm(Exception):
    """The form comes from a page of ours, and from a session before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """As long as a page takes."""

    house: House
    request: Request
    form: FormData
    person: Person
    token: str
    language: Language
    now: datetime
    stops: Sequence[Stop]
    """What the kill switch holds."""

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The page's one snapshot."""
        with self.house.database.reading() as snapshot:
            yield snapshot

    def changing(self, action: str, object_name: str, *, reason: str | None = None) -> AbstractContextManager[Change]:
        """The page's one transaction, for an action of `campaigns.callers.access`; a refusal is on record."""
        cause = Cause(actor=self.person.actor, now=self.now, reason=reason or None)
        return recorded(self.house.database, cause, action=action, object_name=object_name)

    def may(self, action: str) -> bool:
        """Whether the visitor's role includes an action of `campaigns.callers.access`."""
        return self.person.role in access.ACTIONS[action].roles

    @property
    def zone(self) -> str:
        """Where the browser says that the visitor is."""
        said = self.request.cookies.get(ZONE_COOKIE, "")
        return said if said in zones() and said not in ALSO_UTC else UTC_ZONE

    def field(self, name: str) -> str:
        """A field of the form, or of the address; empty where it is absent."""
        value = self.form.get(name, self.request.query_params.get(name, ""))
        return value.strip() if isinstance(value, str) else ""

    @property
    def fields(self) -> Fields:
        """The form as it was sent."""
        return {name: [text for text in self.form.getlist(name) if isinstance(text, str)] for name in self.form}

    @property
    def campaign_id(self) -> str:
        """Of the page's own address, where it is about a campaign."""
        name: str = self.request.path_params["campaign_id"]
        return name

    @property
    def fragment(self) -> bool:
        """Whether a part of a page is asked for, by a page that stands already."""
        return is_part(self.request)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401  # templates take anything
        """A page in the visitor's language, which says what was done on the page before."""
        news = None if self.fragment else Done.read(self.request)
        response = self.house.render(self.language, template, self._shared() | {"done": news} | values, status)
        if news is not None:
            done.forget(response)
        return response

    def part(self, template: str, back: str, **values: Any) -> Response:  # noqa: ANN401  # templates take anything
        """What a page asks for when it stands; asked for by itself it is a page, which leads `back` to the other.

        So does the choice of the language, where a form was sent for it.
        """
        here = back if self.request.method == "POST" else self.request.url.path
        return self.page(template if self.fragment else "part.html", part=template, back=back, path=here, **values)

    def go(self, path: str, deed: Deed | None = None, campaign_id: str = "") -> Response:
        """After a change: look at what came of it, so that reloading repeats nothing."""
        if self.fragment:
            response = Response(status_code=204, headers={"HX-Redirect": path})
        else:
            response = RedirectResponse(path, 303)
        if deed is not None:
            Done(deed, campaign_id).send(response, path, secure=self.house.secure)
        return response

    def _shared(self) -> dict[str, Any]:
        return {
            "person": self.person, "may": self.may, "now": self.now, "form_token": form_token(self.token),
            "reader_zone": self.zone, "path": self.request.url.path, "query": self.request.query_params,
            "stops": self.stops, "shop_currency": self.house.currency, "fragment": self.fragment,
        }  # fmt: skip


Page = Callable[[Visit], Response]


def form_token(session_token: str) -> str:
    """What forms of a session carry and no other site can know (OWASP, HMAC-based token pattern)."""
    return hmac.digest(session_token.encode(), b"form", hashlib.sha256).hex()


def page(house: House, handler: Page, right: Right) -> Callable[[Request], Any]:
    """The endpoint of a page that only the roles of `right` may see."""

    async def endpoint(request: Request) -> Response:
        form = await form_of(request)
        return await run_in_threadpool(safely, house, request, _answer, house, handler, right, request, form)

    return endpoint


def safely(house: House, request: Request, make: Callable[..., Response], *given: object) -> Response:
    """What `make` makes of what is given; whatever happens, people see a page with a way out."""
    try:
        return make(*given)
    except Exception as error:  # noqa: BLE001  # a page says it
        return _trouble(house, tongue_of(request), request, error)


def tongue_of(request: Request) -> Language:
    """What the visitor chose, else what the browser asks for."""
    return language.chosen(request.cookies.get(language.COOKIE), request.headers.get("accept-language"))


def _answer(house: House, handler: Page, right: Right, request: Request, form: FormData) -> Response:
    now, token = datetime.now(UTC), request.cookies.get(SESSION_COOKIE, "")
    with house.database.reading() as snapshot:
        person = signing_in.signed_in(snapshot, token, now) if token else None
        stops = switches.page(snapshot, limit=STOPS) if person else ()
    if person is None:
        return signed_out(house, tongue_of(request), request, form)
    visit = Visit(
        house=house, request=request, form=form, person=person, token=token, language=tongue_of(request), now=now,
        stops=stops,
    )  # fmt: skip
    return _guarded(visit, handler, right)


def _guarded(visit: Visit, handler: Page, right: Right) -> Response:
    try:
        access.check(visit.person.actor, right)
        if visit.request.method == "POST":
            _check_form(visit)
        return handler(visit)
    except Refusal as refusal:
        return visit.page("refused.html", _status(refusal), refusal=refusal)
    except ForgedForm:
        return visit.page("forged.html", FORBIDDEN)
    except EarlierForm:
        if visit.fragment:
            return beside(visit.house, visit.language, earlier=True)
        return visit.page("earlier_session.html", FORBIDDEN, fields=kept(visit.form))


def _check_form(visit: Visit) -> None:
    if not sent_from_here(visit.request):
        raise ForgedForm
    sent = visit.form.get(FORM_TOKEN) or visit.request.headers.get("x-form-token", "")
    if not hmac.compare_digest(str(sent).encode(), form_token(visit.token).encode()):
        raise EarlierForm


def _status(refusal: Refusal) -> int:
    kinds: Mapping[type[Refusal], int] = {PermissionDenied: FORBIDDEN, NotFound: MISSING, Changed: CHANGED}
    return next((status for kind, status in kinds.items() if isinstance(refusal, kind)), UNUSABLE)


def _trouble(house: House, tongue: Language, request: Request, error: Exception) -> Response:
    log_id, words = uuid4().hex[:12], explained(error)
    if words is None:
        log.error("page", path=request.url.path, log_id=log_id, exc_info=error)
    else:
        log.warning("page", path=request.url.path, log_id=log_id, trouble=words)
    status = BROKEN if words is None else UNAVAILABLE
    return house.render(tongue, "trouble.html", {"words": words, "log_id": log_id}, status)
