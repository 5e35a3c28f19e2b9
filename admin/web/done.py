"""What was done, said once on the page that follows. A cookie carries it there: pages keep nothing between them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "tierwise_done"
SECONDS = 60
"""For the way to the page; whoever comes later needs no news."""
BETWEEN = "~"


class Deed(StrEnum):
    """What people do that has a word of its own."""

    SAVED = "saved"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    UNSCHEDULED = "unscheduled"
    LAUNCHED = "launched"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"
    BEGUN = "begun"
    TESTED = "tested"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    MOVED = "moved"
    IN_FORCE = "in_force"


@dataclass(frozen=True, slots=True)
class Done:
    """A deed, and the campaign that it was done to where the page that follows is not the campaign's."""

    deed: Deed
    campaign_id: str = ""

    @classmethod
    def read(cls, request: Request) -> Self | None:
        """What is to be said on the page that is asked for."""
        path, _, said = request.cookies.get(COOKIE, "").partition(BETWEEN)
        deed, _, campaign_id = said.partition(BETWEEN)
        if unquote(path) != request.url.path or deed not in set(Deed):
            return None
        return cls(Deed(deed), campaign_id)

    def send(self, response: Response, address: str, *, secure: bool) -> None:
        """Let the page at the address say it."""
        said = BETWEEN.join((quote(urlsplit(address).path, safe=""), self.deed, self.campaign_id))
        response.set_cookie(COOKIE, said, max_age=SECONDS, httponly=True, samesite="lax", secure=secure)


def forget(response: Response) -> None:
    """It was said."""
    response.delete_cookie(COOKIE)
