"""Pages by key: a token carries where to go on, sealed, and is good for the same request only."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from google.protobuf.message import Message

from server.answering import call
from server.wire.refusals import PageTokenInvalid
from server.wire.seal import BrokenSeal, Seal
from server.wire.stamps import key_instant

PURPOSE = "page"
DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
LIFETIME = timedelta(days=3)

Row = TypeVar("Row")
Key = tuple[str, ...]


class Page(NamedTuple):
    """What a request asks for."""

    size: int
    after: Key | None
    """Key of the last row of the page before."""
    arguments: str
    """Digest of everything else in the request."""

    @property
    def after_instant(self) -> tuple[datetime, str] | None:
        """Where a key is a time and an id."""
        return None if self.after is None else (key_instant(self.after[0]), self.after[1])

    @property
    def after_number(self) -> int | None:
        """Where a key is a number."""
        return None if self.after is None else int(self.after[0])

    @property
    def after_id(self) -> str:
        """Where a key is an id; empty for the first page."""
        return "" if self.after is None else self.after[0]


def asked(seal: Seal, request: Any) -> Page:  # noqa: ANN401 - any List request; each is a message of its own
    """The page that a List request asks for. Raises PageTokenInvalid."""
    arguments, now = _arguments(request), call.current().now
    size = min(request.page_size or DEFAULT_SIZE, LARGEST_SIZE)
    if not request.page_token:
        return Page(size, None, arguments)
    try:
        content = seal.open(PURPOSE, request.page_token)
    except BrokenSeal as broken:
        raise PageTokenInvalid(f"page_token: {broken}; begin without one", field="page_token") from broken
    if content["a"] != arguments:
        message = "page_token: it was given for a request with other fields; begin without one"
        raise PageTokenInvalid(message, field="page_token")
    if now - datetime.fromisoformat(content["t"]) > LIFETIME:
        raise PageTokenInvalid("page_token: it is older than three days; begin without one", field="page_token")
    return Page(size, tuple(content["k"]), arguments)


def cut(seal: Seal, page: Page, rows: Sequence[Row], key: Callable[[Row], Key]) -> tuple[Sequence[Row], str]:
    """The rows of a page and the token of the next one, from one row more than the page holds."""
    if len(rows) <= page.size:
        return rows, ""
    kept = rows[: page.size]
    content = {"k": key(kept[-1]), "a": page.arguments, "t": call.current().now.isoformat()}
    return kept, seal.seal(PURPOSE, content)


def _arguments(request: Message) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_token")
    bare.ClearField("page_size")
    body = call.current().method.encode() + b"\0" + bare.SerializeToString(deterministic=True)
    return hashlib.sha256(body).hexdigest()[:16]
