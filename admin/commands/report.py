"""`tierwise report`: what analysts read, as they read it, and who they are."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from admin.files import report_files
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import Reason, changing, reading
from campaigns import trail
from database import patience
from database.reporting import analyst, logins
from database.reporting.analyst import NoAnalyst, ViewNotFound
from database.reporting.logins import LoginRefused
from database.session import Snapshot

app = typer.Typer(no_args_is_help=True, add_completion=False)
ViewArgument = Annotated[str, typer.Argument(help="Its name in the schema reporting, such as campaign_performance.")]
LoginArgument = Annotated[str, typer.Argument(help="Name of the login, such as anna.")]
LONGEST_STATEMENT_SECONDS = 30 * 60


@app.command("list")
def list_views(*, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show the views, their versions, and how fresh they are."""
    with _as_analyst(database_url) as snapshot:
        found = analyst.versions(snapshot)
    emit([version._asdict() for version in found], as_json=as_json, title="Views of the schema reporting")


@app.command()
def columns(view: ViewArgument, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show what the columns of a view mean."""
    with _as_analyst(database_url) as snapshot:
        found = analyst.columns(snapshot, view)
    emit([column._asdict() for column in found], as_json=as_json, title=f"reporting.{view}")


@app.command()
def export(
    view: ViewArgument,
    *,
    to: Annotated[
        Path, typer.Option(dir_okay=False, help="A .csv or .parquet file; replaced when the new one is whole.")
    ],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write a view to a file, with the rights of an analyst."""
    if to.suffix not in report_files.FORMATS or not to.parent.is_dir():
        fail(f"--to {to}: give a file in a folder that exists, ending with {' or '.join(report_files.FORMATS)}")
    with _as_analyst(database_url) as snapshot:
        size = report_files.write(snapshot, view, to)
    emit({"view": view, "file": str(to), "bytes": size}, as_json=as_json, title="Exported")


@app.command()
def login(
    name: LoginArgument, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Make a login that reads the views and nothing else; its password is shown this once."""
    password = secrets.token_urlsafe(24)
    with _refusable(), changing(database_url, reason, action="reports.login", object_name="logins") as change:
        transaction, cause = change
        logins.make(transaction, name, password)
        trail.done(transaction, cause, "reports.login", "logins", after={"login": name})
    emit({"login": name, "password": password}, as_json=as_json, title="Made; it is not shown again")


@app.command()
def revoke(
    name: LoginArgument, *, reason: Reason = None, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Take a login away."""
    with _refusable(), changing(database_url, reason, action="reports.revoke", object_name="logins") as change:
        transaction, cause = change
        logins.drop(transaction, name)
        trail.done(transaction, cause, "reports.revoke", "logins", before={"login": name})
    emit({"login": name, "revoked": True}, as_json=as_json, title="Revoked")


@contextmanager
def _as_analyst(database_url: str | None) -> Iterator[Snapshot]:
    with _refusable(), reading(database_url) as snapshot:
        analyst.become_analyst(snapshot)
        patience.limit(snapshot, LONGEST_STATEMENT_SECONDS)
        yield snapshot


@contextmanager
def _refusable() -> Iterator[None]:
    try:
        yield
    except (LoginRefused, NoAnalyst, ViewNotFound) as error:
        fail(str(error))
