"""The people who sign in: their accounts, and signing in and out.

A password is checked between two transactions, since a good hash takes long on purpose.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, Self

from pwdlib import PasswordHash

from campaigns import trail
from campaigns.actor import CALLERS, Actor, Cause, Role
from campaigns.callers.refusals import InvalidStaff, SignInRefused, StaffExists, StaffNotFound
from database.callers import browsers, staff
from database.callers.tables import StaffRow
from database.session import Database, Snapshot, Transaction

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
SHORTEST_PASSWORD = 12
"""Symbols (NIST SP 800-63B asks for 8, and no rules about their kinds)."""
LONGEST_PASSWORD = 256
MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
SESSION = timedelta(hours=12)
KNOWN = timedelta(days=180)
"""For which a browser is remembered in which somebody signed in."""
ROLES = CALLERS - {Role.SERVICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account."""

    name: str
    role: Role
    active: bool
    locked_until: datetime | None
    create_time: datetime

    @classmethod
    def of(cls, row: StaffRow) -> Self:
        """From the database."""
        return cls(
            name=row.name, role=Role(row.role), active=row.active, locked_until=row.locked_until,
            create_time=row.create_time,
        )  # fmt: skip

    @property
    def actor(self) -> Actor:
        """As the audit log knows them."""
        return Actor(name=self.name, role=self.role)


class SignedIn(NamedTuple):
    """What a browser is given."""

    session: str
    """A token that lets in."""
    browser: str
    """A token that lets nobody in, and tells that somebody signed in here before."""


def add(transaction: Transaction, cause: Cause, name: str, role: str, password: str | None) -> Person:
    """A new account; without a password it signs in through the identity provider. Raises InvalidStaff, StaffExists."""
    if not NAME.fullmatch(name):
        raise InvalidStaff(f"{name!r} is no name: small letters, digits and . _ @ + -, at most 64", field="name")
    values = {"name": name, "role": _role(role), "password_hash": None if password is None else hashed(password)}
    if not staff.add(transaction, values):
        raise StaffExists(f"staff/{name} exists", staff=f"staff/{name}")
    trail.done(transaction, cause, "staff.add", f"staff/{name}", after={"role": role})
    return get(transaction, name)


def get(snapshot: Snapshot, name: str) -> Person:
    """One account. Raises StaffNotFound."""
    row = staff.get(snapshot, name)
    if row is None:
        raise StaffNotFound.of(f"staff/{name}")
    return Person.of(row)


def everyone(snapshot: Snapshot) -> list[Person]:
    """By name."""
    return [Person.of(row) for row in staff.everyone(snapshot)]


def set_password(transaction: Transaction, cause: Cause, name: str, password: str) -> Person:
    """A new password ends every session and every lock. Raises InvalidStaff, StaffNotFound."""
    get(transaction, name)
    values = {"password_hash": hashed(password), "failed_count": 0, "locked_until": None}
    staff.change(transaction, name, values, cause.now)
    browsers.open_again(transaction, name)
    staff.close_sessions(transaction, name)
    trail.done(transaction, cause, "staff.password", f"staff/{name}")
    return get(transaction, name)


def set_role(transaction: Transaction, cause: Cause, name: str, role: str) -> Person:
    """In force with the next click. Raises InvalidStaff, StaffNotFound."""
    return _changed(transaction, cause, name, "staff.role", {"role": _role(role)})


def set_active(transaction: Transaction, cause: Cause, name: str, *, active: bool) -> Person:
    """Let somebody in again, or out at once, wherever they are signed in. Raises StaffNotFound."""
    if not active:
        staff.close_sessions(transaction, name)
    return _changed(transaction, cause, name, "staff.active", {"active": active})


def sign_in(database: Database, name: str, password: str, now: datetime, *, browser: str = "") -> SignedIn:
    """For a right password. Raises SignInRefused, with the same words for every cause but a lock.

    Wrong passwords from a `browser` in which this person signed in before are counted for it alone, and those from all
    others together: who guesses elsewhere shuts nobody out (OWASP, device cookies).
    """
    with database.reading() as snapshot:
        row = staff.get(snapshot, name)
    right = _is_right(password, None if row is None else row.password_hash)
    with database.writing() as transaction:
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
        refusal = SignInRefused("locked for a while after wrong passwords" if locked else "name or password is wrong")
        if row is not None:
            if not right and not locked:
                _count_failure(transaction, name, None if known is None else known.token_hash, now)
            trail.denied(transaction, cause, "staff.sign_in", f"staff/{name}", refusal)
    raise refusal


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


def hashed(password: str) -> str:
    """Argon2id. Raises InvalidStaff for a password that is too short to protect anything."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidStaff(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} symbols", field="password")
    return _hasher().hash(password)


def _changed(transaction: Transaction, cause: Cause, name: str, action: str, values: Mapping[str, Any]) -> Person:
    before = get(transaction, name)
    staff.change(transaction, name, values, cause.now)
    was = {field: getattr(before, field) for field in values}
    trail.done(transaction, cause, action, f"staff/{name}", before=was, after=values)
    return get(transaction, name)


def _role(role: str) -> Role:
    if role not in ROLES:
        raise InvalidStaff(f"{role!r} is no role; there are {', '.join(sorted(ROLES))}", field="role")
    return Role(role)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _is_right(password: str, stored: str | None) -> bool:
    """As slow for a name that nobody has, so that names cannot be guessed by the clock."""
    if len(password) > LONGEST_PASSWORD:
        return False
    return _hasher().verify(password, stored or _nobody()) and stored is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))
