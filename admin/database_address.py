"""Which database a command speaks to."""

from admin.output import fail
from settings import settings


def chosen_url(given: str | None) -> str:
    """The option's address, else TIERWISE_DATABASE_URL, else that of a running `tierwise run`; or an error with the way out."""
    if given:
        return given
    configured = settings().database_url
    if configured is not None:
        return configured.get_secret_value()
    if settings().running.exists():
        return settings().running.read_text().strip()
    fail("no database: give --database-url, set TIERWISE_DATABASE_URL, or leave `make run` running in another terminal")
