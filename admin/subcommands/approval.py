"""The part of `tierwise campaign` on versions of a plan, and on who agrees to them."""

from typing import Annotated

import typer

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.subcommands.approval_policy import policy_of
from admin.subcommands.named import CampaignIdArgument
from admin.typed.times import written
from campaigns.life import approving, campaigns, versions
from campaigns.life.versions import CampaignVersion
from campaigns.terms.campaign import Campaign
from settings import settings

app = typer.Typer()
Version = Annotated[int | None, typer.Option(min=1, help="The version that you read; default: the one submitted.")]


@app.command()
def submit(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Ask for approval of the plan as it stands."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.submit", object_name=about) as (transaction, cause):
        campaign = approving.submit(transaction, cause, campaign_id, policy_of(settings()), etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command()
def approve(
    campaign_id: CampaignIdArgument, *, version: Version = None,
    comment: Annotated[str | None, typer.Option(help="Why, for the record.")] = None, etag: Etag = None,
    database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Agree to the submitted version; nobody who changed it, or a rule of its segments, may."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, comment, action="campaigns.approve", object_name=about) as (transaction, cause):
        read = version or campaigns.get(transaction, campaign_id).asked_version
        campaign = approving.approve(transaction, cause, campaign_id, policy_of(settings()), version=read, etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command()
def reject(
    campaign_id: CampaignIdArgument, *, comment: Annotated[str, typer.Option(help="What has to change.")],
    version: Version = None, etag: Etag = None, database_url: DatabaseUrl = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Send the submitted version back to its authors; nobody who changed it may."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, comment, action="campaigns.reject", object_name=about) as (transaction, cause):
        read = version or campaigns.get(transaction, campaign_id).asked_version
        campaign = approving.reject(transaction, cause, campaign_id, version=read, etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command("versions")
def list_versions(
    campaign_id: CampaignIdArgument, *, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Show the versions of a plan, newest first, with the rules of its segments and what was decided about each."""
    with reading(database_url) as snapshot:
        found = versions.page(snapshot, campaign_id, limit=limit)
    emit([_version_row(version) for version in found], as_json=as_json, title=f"Versions of {campaign_id}")


@app.command()
def diff(
    campaign_id: CampaignIdArgument, *, before: Annotated[int, typer.Option("--from", min=1, help="Version before.")],
    after: Annotated[int, typer.Option("--to", min=1, help="Version after.")], database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the fields in which two versions of a plan differ."""
    with reading(database_url) as snapshot:
        found = versions.compare(snapshot, campaign_id, before, after)
    rows = [{"field": each.path, "before": each.before, "after": each.after} for each in found]
    emit(rows, as_json=as_json, title=f"{campaign_id}: from version {before} to {after}")


def _row(campaign: Campaign) -> dict[str, object]:
    return {
        "campaign_id": campaign.campaign_id, "state": campaign.state, "version": campaign.version,
        "etag": campaign.etag,
    }  # fmt: skip


def _version_row(version: CampaignVersion) -> dict[str, object]:
    return {
        "version": version.version,
        "name": version.plan.display_name,
        "authors": ", ".join(version.writers),
        "segments": ", ".join(f"{name} {revision}" for name, revision in sorted(version.segments.items())),
        "made": written(version.create_time),
        "decided": "; ".join(
            f"{each.verdict} by {each.approver}" + (f": {each.comment}" if each.comment else "")
            for each in version.approvals
        ),
    }
