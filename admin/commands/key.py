"""`tierwise key`: what programs send to say who they are."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Reason, changing, reading
from admin.typed.times import written
from campaigns.actor import CALLERS
from campaigns.callers import api_keys
from campaigns.callers.api_keys import ApiKey
from campaigns.callers.refusals import CredentialsExpired, CredentialsInvalid

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will hold it, such as checkout; the audit log calls them so.")],
    *,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(CALLERS))}.")],
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Until it expires; default: never.")] = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once: only its hash is kept."""
    with changing(database_url, reason, action="keys.create", object_name="keys") as (transaction, cause):
        expire_time = None if days is None else cause.now + timedelta(days=days)
        key, text = api_keys.create(transaction, cause, name=name, role=role, expire_time=expire_time)
    emit({"key": text, **_row(key)}, as_json=as_json, title="Created; it is not shown again")


@app.command("list")
def list_keys(*, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show the keys, newest first; never what their holders send."""
    with reading(database_url) as snapshot:
        found = api_keys.all_keys(snapshot)
    emit([_row(key) for key in found], as_json=as_json, title="Keys")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id: what stands between the first two underscores.")], *,
    reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let a key be worth nothing, within a second and on every server."""
    with changing(database_url, reason, action="keys.revoke", object_name=f"keys/{key_id}") as (transaction, cause):
        key = api_keys.revoke(transaction, cause, key_id)
    emit(_row(key), as_json=as_json, title="Revoked")


def _row(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "state": _state(key),
        "created": written(key.create_time),
        "expires": written(key.expire_time),
        "revoked": written(key.revoke_time),
        "last_used": written(key.last_use_time),
    }


def _state(key: ApiKey) -> str:
    try:
        api_keys.check_open(key, datetime.now(UTC))
    except CredentialsExpired:
        return "EXPIRED"
    except CredentialsInvalid:
        return "REVOKED"
    return "OPEN"
