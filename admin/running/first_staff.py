"""The first people of a made shop, so that a newcomer can sign in: a marketer, an approver and an operator."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from campaigns.actor import Actor, Cause, Role
from campaigns.callers import staff
from database.callers import staff as accounts
from database.session import Database

PEOPLE: Mapping[str, Role] = {"anna": Role.MARKETER, "ben": Role.APPROVER, "olga": Role.OPERATOR}
PASSWORD_BYTES = 12


def hire_first(database_url: str, path: Path, now: datetime) -> None:
    """Make the accounts where there is none yet; their passwords stand in `path`, readable by its owner alone."""
    database = Database.at(database_url, pool_size=1)
    try:
        with database.writing() as transaction:
            if accounts.any_account(transaction):
                return
            made = {name: secrets.token_urlsafe(PASSWORD_BYTES) for name in PEOPLE}
            cause = Cause(actor=Actor(name="tierwise run"), now=now)
            for name, role in PEOPLE.items():
                staff.add(transaction, cause, name, role, made[name])
            # Before the commit: passwords that nobody was told would lock everybody out.
            path.touch(mode=0o600)
            path.write_text("".join(f"{name} ({PEOPLE[name]}): {password}\n" for name, password in made.items()))
    finally:
        database.close()
