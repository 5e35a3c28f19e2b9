"""The people who sign in: their accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from campaigns import trail
from campaigns.actor import CALLERS, Actor, Cause, Role
from campaigns.callers.passwords import hashed
from campaigns.callers.refusals import InvalidStaff, StaffExists, StaffNotFound
from database.callers import browsers, staff
from database.callers.tables import StaffRow
from database.session import Snapshot, Transaction

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
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
    return Person.of(StaffNotFound.unless(staff.get(snapshot, name), f"staff/{name}"))


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
