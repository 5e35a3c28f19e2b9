"""`tierwise admin`: the web admin, in this process."""

from typing import Annotated

import typer
import uvicorn

from admin.shell.database_address import DatabaseUrl, chosen_url
from admin.shell.output import console, fail
from admin.subcommands.approval_policy import policy_of
from admin.web.application import application
from admin.web.connections import AT_ONCE, Connection
from admin.web.explainer import Explainer
from admin.web.house import House, compile_templates
from admin.web.identities import Identities, IdentitiesRefused
from database.session import Database
from database.shape import NotMigrated, must_be_migrated
from settings import Settings, settings
from telemetry import logs

app = typer.Typer(add_completion=False)
CONNECTIONS = 8
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
DRAIN_SECONDS = 5


@app.command()
def admin(
    *,
    listen: Annotated[str | None, typer.Option(help="HOST:PORT; default: TIERWISE_ADMIN_LISTEN")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Serve the web admin until Ctrl-C; sign in with an account of `tierwise staff`."""
    chosen = settings()
    host, _, port = (listen or chosen.admin_listen).rpartition(":")
    if not host or not port.isdigit():
        fail(f"--listen {listen or chosen.admin_listen}: give HOST:PORT, such as 127.0.0.1:8080")
    if host not in LOOPBACK and not chosen.admin_https:
        fail(
            f"the admin would be in the clear on {host}: put it behind a proxy that speaks https and set "
            "TIERWISE_ADMIN_HTTPS=true, or listen on 127.0.0.1"
        )
    logs.configure()
    identities = _identities(chosen)
    database = Database.at(chosen_url(database_url), pool_size=CONNECTIONS, statement_timeout_ms=10_000)
    try:
        must_be_migrated(database)
    except NotMigrated as error:
        fail(str(error))
    house = House(
        database=database, secure=chosen.admin_https, policy=policy_of(chosen), currency=chosen.currency,
        passwords=chosen.admin_passwords, identities=identities, explainer=Explainer(chosen.device),
    )  # fmt: skip
    compile_templates()
    try:
        console.print(f"web admin [cyan]http{'s' if chosen.admin_https else ''}://{host}:{port}[/]   Ctrl-C stops it")
        uvicorn.run(
            application(house), host=host.strip("[]"), port=int(port),
            log_level="warning", proxy_headers=chosen.admin_https, timeout_graceful_shutdown=DRAIN_SECONDS,
            server_header=False, http=Connection, backlog=AT_ONCE,
        )  # fmt: skip
    finally:
        database.close()


def _identities(chosen: Settings) -> Identities | None:
    try:
        return Identities.of(chosen)
    except IdentitiesRefused as refusal:
        fail(str(refusal))
