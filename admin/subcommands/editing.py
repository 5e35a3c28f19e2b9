"""The part of `tierwise campaign` that changes a plan."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from admin.files.rule_files import SOURCE, read_rule
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import Etag, Reason, changing
from admin.subcommands.approval_policy import policy_of
from admin.subcommands.named import CampaignIdArgument
from admin.subcommands.plan_options import MOST_DAYS
from admin.typed.discounts import minor_units
from admin.typed.offers import SYNTAX, offer_of
from admin.typed.times import read_time
from campaigns.life import amending, campaigns
from campaigns.terms.campaign import Campaign, CampaignPlan
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import days_later, instant
from settings import settings

app = typer.Typer()


@app.command()
def update(
    campaign_id: CampaignIdArgument,
    *,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    offer: Annotated[list[str] | None, typer.Option(help=f"All of them: {SYNTAX}")] = None,
    start: Annotated[
        str | None, typer.Option(help="ISO time, in the campaign's zone unless it says otherwise.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=MOST_DAYS, help="How long it runs.")] = None,
    end: Annotated[
        str | None, typer.Option(help="ISO time, likewise: a date alone is not part of it. Instead of --days.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most redemptions in all.")] = None,
    budget: Annotated[str | None, typer.Option(help="Most that coupons may take off orders in all: 5000.00.")] = None,
    rule: Annotated[Path | None, typer.Option(help=f"Who of the tiers. {SOURCE}", allow_dash=True)] = None,
    holdout: Annotated[int | None, typer.Option(help="Percent of the audience that gets nothing.")] = None,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named of a plan: the next version, which has to be approved. While it runs, budget and end."""
    if days is not None and end is not None:
        fail("give --end or --days, not both")
    given: dict[str, Any] = {
        "display_name": name,
        "redemption_limit": limit,
        "holdout_percent": holdout,
        "rule": None if rule is None else read_rule(rule, as_json=as_json),
    }

    def change(plan: CampaignPlan, running: CampaignPlan) -> CampaignPlan:
        changed = replace(plan, **{field: value for field, value in given.items() if value is not None})
        if offer:
            changed = replace(changed, offers=tuple(offer_of(one, plan.currency) for one in offer))
        if budget is not None:
            changed = replace(changed, budget=_budget(budget, plan.budget or running.budget, plan.currency))
        if end is not None:
            changed = replace(changed, end_time=read_time(end, "--end", plan.zone))
        if start is None and days is None:
            return changed
        begin = plan.start_time if start is None else read_time(start, "--start", plan.zone)
        if end is not None:
            return replace(changed, start_time=begin)
        ends = _as_long(plan, begin) if days is None else days_later(begin, days, plan.zone)
        return replace(changed, start_time=begin, end_time=ends)

    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.update", object_name=about) as (transaction, cause):
        changed = partial(change, running=campaigns.get(transaction, campaign_id).plan)
        campaign = amending.update(transaction, cause, campaign_id, changed, policy_of(settings()), etag=etag)
    _told(campaign, as_json=as_json)


@app.command()
def withdraw(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take back what is proposed for a campaign that runs: it runs on as it is."""
    about = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.update", object_name=about) as (transaction, cause):
        campaign = amending.withdraw(transaction, cause, campaign_id, etag=etag)
    _told(campaign, as_json=as_json)


def _told(campaign: Campaign, *, as_json: bool) -> None:
    row = {
        "campaign_id": campaign.campaign_id, "state": campaign.state, "version": campaign.version,
        "proposed_version": campaign.proposed_version, "etag": campaign.etag,
    }  # fmt: skip
    emit(row, as_json=as_json, title="Changed")


def _budget(typed: str, before: Budget | None, currency: str) -> Budget:
    """With the confidence of the one before."""
    limit = minor_units(typed, "--budget", currency)
    return Budget(limit_minor=limit) if before is None else replace(before, limit_minor=limit)


def _as_long(plan: CampaignPlan, begin: datetime) -> datetime:
    """The end of the plan if it begins then: by the clocks of its zone, whatever they were turned meanwhile."""
    start, end, new = (
        each.astimezone(ZoneInfo(plan.zone)).replace(tzinfo=None) for each in (plan.start_time, plan.end_time, begin)
    )
    return instant(new + (end - start), plan.zone)
