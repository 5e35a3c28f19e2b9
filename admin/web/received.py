"""What a browser sent, as far as a page can use it."""

from datetime import datetime
from urllib.parse import urlsplit

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

MOST_BYTES = 8 * 1024**2
"""Of a form: the longest rule that a page takes, each symbol escaped. It is read before anybody knows who sends it."""
MOST_FIELDS = 1000
"""As Starlette's own limit, which does not count empty ones: eight megabytes of them took it two and a half seconds."""
REASON = "reason"
MOST_REASON = 1000
"""Symbols, as on the wire: it stays in the audit log."""
VERSION_DIGITS, DIGITS = 9, 18
"""That a column of versions can be compared with, and one of other numbers."""
UNUSABLE, TOO_LARGE = 400, 413


class VersionConvertor(IntegerConvertor):
    """In an address: one with more digits than versions have leads nowhere."""

    regex = f"[0-9]{{1,{VERSION_DIGITS}}}"


register_url_convertor("version", VersionConvertor())


async def form_of(request: Request) -> FormData:
    """The fields, none where there is no form.

    Raises HTTPException for a form or a reason that is too large, and for the symbol NUL, which no column can hold.
    """
    form = await Request(request.scope, _limited(request)).form() if request.method == "POST" else FormData()
    fields = [*form.multi_items(), *request.query_params.multi_items()]
    if any(name == REASON and isinstance(text, str) and len(text) > MOST_REASON for name, text in fields):
        raise HTTPException(TOO_LARGE, f"A reason has {MOST_REASON:,} symbols at most.")
    texts = (request.scope["path"], *(text for _, text in fields))
    if any("\x00" in text for text in texts if isinstance(text, str)):
        raise HTTPException(UNUSABLE, "The address or the form has the symbol NUL, which can be kept nowhere.")
    return form


def number_of(text: str, *, digits: int = DIGITS) -> int | None:
    """A whole number that an address says; None for anything else, as if it said nothing."""
    return int(text) if text.isdecimal() and len(text) <= digits else None


def place_of(moment: str, name: str) -> tuple[datetime, str] | None:
    """Where a list goes on, by time and id; None for the beginning, which an address that nobody of us wrote means."""
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (read, name) if read.tzinfo is not None else None


def sent_from_here(request: Request) -> bool:
    """Whether a form stood on a page of ours, as far as the browser says where it stood."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _limited(request: Request) -> Receive:
    """Its body, as far as it may go: in a form of fields nothing but their borders is an ampersand."""
    left, borders = MOST_BYTES, MOST_FIELDS
    marked = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    async def limited() -> Message:
        nonlocal left, borders
        message = await request.receive()
        body = message.get("body", b"")
        left -= len(body)
        borders -= body.count(b"&") if marked else 0
        if left < 0:
            raise HTTPException(TOO_LARGE, f"A form has {MOST_BYTES:,} bytes at most.")
        if borders < 0:
            raise HTTPException(TOO_LARGE, f"A form has {MOST_FIELDS:,} fields at most.")
        return message

    return limited
