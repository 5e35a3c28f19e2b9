"""Who stands behind a change that the command line makes."""

import getpass
import os
from contextvars import ContextVar
from datetime import UTC, datetime

from admin.shell.output import fail
from campaigns.actor import CALLERS, Actor, Cause, Role, is_name
from settings import settings

AS: ContextVar[str | None] = ContextVar("as", default=None)
"""What `tierwise --as` was given."""
SYNTAX = f"name:role, such as anna:marketer; roles are {', '.join(sorted(CALLERS))}"


def cause_of_person(reason: str | None = None) -> Cause:
    """Whom `--as` or TIERWISE_ACTOR names, else the person logged in as an operator; at this moment."""
    typed = AS.get() or settings().actor
    actor = Actor(name=_logged_in()) if typed is None else _read(typed)
    return Cause(actor=actor, now=datetime.now(UTC), reason=reason)


def _read(typed: str) -> Actor:
    name, _, role = typed.rpartition(":")
    if not is_name(name) or role not in CALLERS:
        fail(f"--as {typed}: give {SYNTAX}")
    return Actor(name=name, role=Role(role))


def _logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        fail(f"the account {os.getuid()} has no name here: say who acts by --as or TIERWISE_ACTOR, {SYNTAX}")
