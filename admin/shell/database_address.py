"""Which database a command speaks to."""

from typing import Annotated

import typer

from admin.shell.output import fail
from settings import settings

DatabaseUrl = Annotated[str | None, typer.Option(help="Default: TIERWISE_DATABASE_URL, else that of `tierwise run`.")]


def chosen_url(given: str | None) -> str:
    """The option's address, else TIERWISE_DATABASE_URL, else that of a running `tierwise run`.

    Without any the command ends with an error that names the ways out.
    """
    configured = settings().database_url
    if given:
        return given
    if configured is not None:
        return configured.get_secret_value()
    if not settings().running.exists():
        fail("no database: give --database-url, set TIERWISE_DATABASE_URL, or leave `make run` running elsewhere")
    return settings().running.read_text().strip()
