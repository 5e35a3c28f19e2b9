"""`tierwise migrate`."""

import typer

from admin.shell.database_address import DatabaseUrl, chosen_url
from admin.shell.output import AsJson, console, emit
from database.migrate import has_analyst
from database.migrate import migrate as bring_to_newest
from database.reporting.views import ANALYST

app = typer.Typer(add_completion=False)


@app.command()
def migrate(*, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Bring the database to the newest shape; safe to run twice and side by side."""
    url = chosen_url(database_url)
    bring_to_newest(url)
    analyst = ANALYST if has_analyst(url) else None
    if analyst is None:
        console.print(
            f"no role {ANALYST}: this login may not make it; docs/reporting.md has the statements for who may"
        )
    emit({"migrated": True, "analyst_role": analyst}, as_json=as_json)
