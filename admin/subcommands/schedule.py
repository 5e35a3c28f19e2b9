"""The part of `tierwise campaign` that leaves launching to the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.subcommands.named import CampaignIdArgument
from admin.typed.times import written
from campaigns.life import campaigns, scheduling
from campaigns.terms.campaign import Campaign

app = typer.Typer()


@app.command()
def schedule(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let the clock launch an approved campaign at its start, or a series at each of its occurrences."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.schedule", object_name=about) as (transaction, cause):
        campaign = scheduling.schedule(transaction, cause, campaign_id, etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command()
def unschedule(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let the clock pass; the approval stays."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.unschedule", object_name=about) as (transaction, cause):
        campaign = scheduling.unschedule(transaction, cause, campaign_id, etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command()
def occurrences(
    campaign_id: CampaignIdArgument, *, limit: Limit = 10, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Show when a plan, approved or not, would come due next, in its own time zone."""
    with reading(database_url) as snapshot:
        zone = ZoneInfo(campaigns.get(snapshot, campaign_id).plan.zone)
        found = scheduling.preview(snapshot, campaign_id, datetime.now(UTC), limit=limit)
    rows = [
        {
            "campaign_id": name,
            "start": written(each.start_time.astimezone(zone)),
            "end": written(each.end_time.astimezone(zone)),
        }
        for name, each in found
    ]
    emit(rows, as_json=as_json, title=f"{campaign_id}, in {zone}")


def _row(campaign: Campaign) -> dict[str, object]:
    return {
        "campaign_id": campaign.campaign_id,
        "state": campaign.state,
        "due": written(campaign.due_time),
        "etag": campaign.etag,
    }
