"""`tierwise staff`: who may sign in to the web admin, and as what."""

import secrets
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Reason, changing, reading
from campaigns.callers import staff
from campaigns.callers.staff import ROLES, Person

app = typer.Typer(no_args_is_help=True, add_completion=False)
NameArgument = Annotated[str, typer.Argument(help="Small letters and digits, such as anna or anna@example.com.")]
ONE_OF = f"One of {', '.join(sorted(ROLES))}."
PASSWORD_BYTES = 12


@app.command()
def add(
    name: NameArgument,
    *,
    role: Annotated[str, typer.Option(help=ONE_OF)],
    ask: Annotated[bool, typer.Option("--ask", help="Ask for a password instead of making one.")] = False,
    external: Annotated[bool, typer.Option("--external", help="Signs in through the identity provider.")] = False,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make an account; a made password is shown once."""
    password = None if external else _password(ask=ask)
    with changing(database_url, reason, action="staff.add", object_name=f"staff/{name}") as (transaction, cause):
        person = staff.add(transaction, cause, name, role, password)
    emit(_row(person) | ({} if ask or external else {"password": password}), as_json=as_json, title="Added")


@app.command("list")
def list_staff(*, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show every account."""
    with reading(database_url) as snapshot:
        people = staff.everyone(snapshot)
    emit([_row(person) for person in people], as_json=as_json, title="Staff")


@app.command()
def password(
    name: NameArgument,
    *,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for a password instead of making one.")] = False,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Give a new password: whoever is signed in with the old one is out, and a lock is lifted."""
    fresh = _password(ask=ask)
    with changing(database_url, reason, action="staff.password", object_name=f"staff/{name}") as (transaction, cause):
        person = staff.set_password(transaction, cause, name, fresh)
    emit(_row(person) | ({} if ask else {"password": fresh}), as_json=as_json, title="New password")


@app.command()
def role(
    name: NameArgument, role: Annotated[str, typer.Argument(help=ONE_OF)], *,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give another role, in force with the next click."""
    with changing(database_url, reason, action="staff.role", object_name=f"staff/{name}") as (transaction, cause):
        person = staff.set_role(transaction, cause, name, role)
    emit(_row(person), as_json=as_json, title="Changed")


@app.command()
def disable(
    name: NameArgument, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let somebody in no longer; their sessions end at once."""
    _set_active(name, reason, database_url, as_json=as_json, active=False)


@app.command()
def enable(
    name: NameArgument, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let somebody in again."""
    _set_active(name, reason, database_url, as_json=as_json, active=True)


def _set_active(name: str, reason: str | None, database_url: str | None, *, as_json: bool, active: bool) -> None:
    with changing(database_url, reason, action="staff.active", object_name=f"staff/{name}") as (transaction, cause):
        person = staff.set_active(transaction, cause, name, active=active)
    emit(_row(person), as_json=as_json, title="Changed")


def _password(*, ask: bool) -> str:
    if ask:
        typed: str = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _row(person: Person) -> dict[str, object]:
    return {
        "name": person.name, "role": person.role.value, "active": person.active,
        "locked_until": person.locked_until, "create_time": person.create_time,
    }  # fmt: skip
