"""The part of `tierwise campaign` that stops everything, or one campaign, at once."""

from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Limit, changing, reading
from admin.subcommands.named import CampaignIdArgument
from admin.typed.times import written
from campaigns.life import switches
from campaigns.life.switches import Stop
from database.life.stops import EVERYTHING

app = typer.Typer()
Why = Annotated[str, typer.Option("--reason", help="Why, for those who find it so.")]


@app.command("stop-everything")
def stop_everything(*, reason: Why, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let nothing be issued, reserved or redeemed any more, anywhere, within a second."""
    _stop(EVERYTHING, reason, database_url, as_json=as_json)


@app.command("allow-everything")
def allow_everything(*, reason: Why, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Let everything go on where it stood still, but what was stopped by itself."""
    _allow(EVERYTHING, reason, database_url, as_json=as_json)


@app.command()
def stop(
    campaign_id: CampaignIdArgument, *, reason: Why, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let nothing of one campaign be issued, reserved or redeemed any more, within a second."""
    _stop(campaign_id, reason, database_url, as_json=as_json)


@app.command()
def allow(
    campaign_id: CampaignIdArgument, *, reason: Why, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Let a stopped campaign go on where it stood still."""
    _allow(campaign_id, reason, database_url, as_json=as_json)


@app.command("stops")
def list_stops(*, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show what is stopped, everything first."""
    with reading(database_url) as snapshot:
        found = switches.page(snapshot, limit=limit)
    emit([_row(each) for each in found], as_json=as_json, title="Stopped")


def _stop(scope: str, reason: str, database_url: str | None, *, as_json: bool) -> None:
    about = f"campaigns/{scope}"
    with changing(database_url, reason, action="switches.stop", object_name=about) as (transaction, cause):
        stopped = switches.stop(transaction, cause, scope)
    emit(_row(stopped), as_json=as_json, title="Stopped")


def _allow(scope: str, reason: str, database_url: str | None, *, as_json: bool) -> None:
    about = f"campaigns/{scope}"
    with changing(database_url, reason, action="switches.allow", object_name=about) as (transaction, cause):
        switches.allow(transaction, cause, scope)
    emit({"goes_on": "everything" if scope == EVERYTHING else scope}, as_json=as_json)


def _row(stop: Stop) -> dict[str, object]:
    return {
        "stopped": "everything" if stop.scope == EVERYTHING else stop.scope,
        "reason": stop.reason,
        "by": stop.stopped_by,
        "since": written(stop.stop_time),
    }
