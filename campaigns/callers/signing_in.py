"""Signing in and out, and the browsers and sessions of those who did."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from campaigns import trail
from campaigns.actor import Actor, Cause, Role
from campaigns.callers.refusals import SignInRefused
from campaigns.callers.staff import Person
from database.callers import browsers, staff
from database.session import Snapshot, Transaction

MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
WRONG = "name or password is wrong, or wrong passwords locked the account for a while"
"""To strangers, whatever it is: were a lock told by itself, five guesses would tell whether a name has an account."""
SESSION = timedelta(hours=12)
KNOWN = timedelta(days=180)
"""For which a browser is remembered in which somebody signed in."""


class SignedIn(NamedTuple):
    """What a browser is given."""

    session: str
    """A token that lets in."""
    browser: str
    """A token that lets nobody in, and tells that somebody signed in here before."""


def sign_in(
    transaction: Transaction, name: str, now: datetime, *, right: bool, browser: str = ""
) -> SignedIn | SignInRefused:
    """For a right password. What is refused is counted, and strangers hear the same words for every cause.

    Wrong passwords from a `browser` in which this person signed in before are counted for it alone, and those from all
    others together: who guesses elsewhere shuts nobody out (OWASP, device cookies).
    """
    row = staff.get(transaction, name)
    cause = Cause(actor=Actor(name=name[:64], role=Role.MARKETER if row is None else Role(row.role)), now=now)
    known = browsers.known(transaction, _hash(browser), name, now)
    until = None if row is None else row.locked_until if known is None else known.locked_until
    # Nobody is locked for longer, unless the clock went back since.
    locked = until is not None and now < until <= now + 2 * LOCKED
    if row is not None and right and row.active and not locked:
        if known is None:
            staff.count_success(transaction, name)
        trail.done(transaction, cause, "staff.sign_in", f"staff/{name}")
        browser = _remembered(transaction, browser, name, now)
        return SignedIn(open_session(transaction, name, now), browser)
    refusal = SignInRefused(WRONG if known is None else _words(locked=locked))
    if row is not None:
        if not right and not locked:
            _count_failure(transaction, name, None if known is None else known.token_hash, now)
        trail.denied(transaction, cause, "staff.sign_in", f"staff/{name}", refusal)
    return refusal


def _words(*, locked: bool) -> str:
    return "locked for a while after wrong passwords" if locked else "name or password is wrong"


def _remembered(transaction: Transaction, browser: str, name: str, now: datetime) -> str:
    """The browser's token: the one that it has, if it comes from us, for several people may use it."""
    ours = browsers.of_anybody(transaction, _hash(browser), now)
    token = browser if ours else secrets.token_urlsafe(32)
    browsers.remember(transaction, _hash(token), name, now, now + KNOWN)
    return token


def _count_failure(transaction: Transaction, name: str, known: bytes | None, now: datetime) -> None:
    if known is None:
        staff.count_failure(transaction, name, most=MOST_FAILURES, lock=LOCKED, now=now)
    else:
        browsers.count_failure(transaction, known, name, most=MOST_FAILURES, lock=LOCKED, now=now)


def open_session(transaction: Transaction, name: str, now: datetime, *, lasting: timedelta = SESSION) -> str:
    """A token for somebody who has proven who they are."""
    token = secrets.token_urlsafe(32)
    staff.open_session(transaction, _hash(token), name, now, now + lasting)
    return token


def signed_in(snapshot: Snapshot, token: str, now: datetime) -> Person | None:
    """Whose session this is; None when it is over or was never one."""
    row = staff.of_session(snapshot, _hash(token), now)
    return None if row is None else Person.of(row)


def sign_out(transaction: Transaction, token: str) -> None:
    """The session is over; once more does no harm."""
    staff.close_session(transaction, _hash(token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
