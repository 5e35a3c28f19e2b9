"""A form that comes when nobody is signed in any more, or somebody anew: it waits on a page to be sent again."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.web.house import House
from admin.web.received import sent_from_here
from rules.sentence import Language

FORM_TOKEN = "form_token"  # noqa: S105  # the name of a field
OVER = 401
RETARGETED: Mapping[str, str] = {"HX-Retarget": "#session", "HX-Reswap": "innerHTML show:window:top"}
"""Beside the form, whose place in the page a part asks for."""


def kept(form: FormData) -> Sequence[tuple[str, str]]:
    """Everything that was written, without what made it a form of one session."""
    return [(name, text) for name, text in form.multi_items() if isinstance(text, str) and name != FORM_TOKEN]


def signed_out(house: House, tongue: Language, request: Request, form: FormData) -> Response:
    """To the door, and back to the page that was asked for; whoever wrote something does not lose it."""
    if request.method == "POST" and sent_from_here(request):
        if is_part(request):
            return beside(house, tongue, earlier=False)
        return house.render(tongue, "signed_out.html", {"fields": kept(form)}, OVER)
    came = _shown_address(request) if request.method == "GET" else "/"
    target = str(request.url_for("sign_in").include_query_params(next=came))
    if is_part(request):
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


def beside(house: House, tongue: Language, *, earlier: bool) -> Response:
    """A note on a page that stands; what is written there is left alone."""
    answer = house.render(tongue, "session_over.html", {"earlier": earlier})
    answer.headers.update(RETARGETED)
    return answer


def is_part(request: Request) -> bool:
    """Whether a page that stands asks for a part; one that somebody goes back to is asked for as a whole."""
    return request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers


def _shown_address(request: Request) -> str:
    """Of the page that the visitor sees: a part of it has an address of its own."""
    seen = urlsplit(request.headers.get("hx-current-url", "")) if is_part(request) else request.url
    return (seen.path or "/") + (f"?{seen.query}" if seen.query else "")
