"""`tierwise migrate`."""

from typing import Annotated

import typer

from admin.database_address import chosen_url
from admin.output import emit
from database.migrate import migrate as bring_to_newest

app = typer.Typer()


@app.command()
def migrate(
    database_url: Annotated[str | None, typer.Option(help="Default: TIERWISE_DATABASE_URL")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Bring the database to the newest shape; safe to run twice and side by side."""
    bring_to_newest(chosen_url(database_url))
    emit({"migrated": True}, as_json=as_json)
