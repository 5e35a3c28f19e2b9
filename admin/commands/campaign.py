"""`tierwise campaign`: plan campaigns, launch them, stop them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admin.files.rule_files import read_rule
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.shell.waiting import show_begun
from admin.subcommands import approval, editing, schedule, switches
from admin.subcommands import plan_options as options
from admin.subcommands.budget import budget as budget_of
from admin.subcommands.forecast import forecast
from admin.subcommands.named import CampaignIdArgument
from admin.subcommands.offers import offers
from admin.subcommands.preview import preview
from admin.subcommands.results import power, results
from admin.typed.arms import arm_of, typed_arm
from admin.typed.baskets import Currency
from admin.typed.discounts import minor_units
from admin.typed.offers import offer_of, typed
from admin.typed.restraint import cap_of, typed_cap
from admin.typed.times import read_span, read_time, written
from admin.typed.words import read_word
from campaigns.life import campaigns, drafts
from campaigns.life import launch as launching
from campaigns.terms.campaign import Campaign, CampaignId, CampaignPlan, ChannelChoice, Offer, State
from campaigns.terms.limits import USUAL_CONFIDENCE, Budget
from campaigns.terms.recurrence import Recurrence, days_later
from campaigns.terms.restraint import Stacking
from campaigns.terms.templates import Template, offers_of, rule_of
from database.life.lists import Sought
from rules.rule import Rule
from rules.sentence import Speaker
from settings import settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
for command in (preview, results, power, forecast, offers):
    app.command()(command)
app.command("budget")(budget_of)
app.add_typer(editing.app)
app.add_typer(approval.app)
app.add_typer(schedule.app)
app.add_typer(switches.app)


@app.command()
def create(
    campaign_id: CampaignIdArgument,
    *,
    name: options.Name,
    offer: options.Offers = None,
    template: options.ChosenTemplate = None,
    start: options.Start = None,
    days: options.Days = 30,
    currency: Currency = None,
    zone: options.Zone = "UTC",
    repeat: options.Repeat = None,
    repeat_days: options.RepeatDays = 1,
    limit: options.Redemptions = None,
    budget: options.MoneyOff = None,
    confidence: options.Confidence = USUAL_CONFIDENCE,
    refund_gives_code_back: options.RefundGivesCodeBack = False,
    rule: options.RuleFile = None,
    holdout: options.Holdout = 10,
    channel_choice: options.Choice = ChannelChoice.ORDER,
    cap: options.Caps = None,
    leave_to: options.LeaveTo = None,
    audience_limit: options.AudienceLimit = None,
    priority: options.Priority = 0,
    group: options.Group = None,
    alone: options.Alone = False,
    arm: options.Arms = None,
    margin: options.Margin = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Plan a campaign; nothing reaches a customer before it is launched."""
    begin = read_time(start or datetime.now(UTC).isoformat(), "--start", zone)
    money = currency or settings().currency
    plan = CampaignPlan(
        display_name=name, offers=_offers(offer, template, money), currency=money, zone=zone,
        start_time=begin, end_time=days_later(begin, days, zone),
        recurrence=None if repeat is None else Recurrence(cron=repeat, days=repeat_days), redemption_limit=limit,
        budget=None if budget is None else _budget(budget, money, confidence),
        refund_gives_code_back=refund_gives_code_back, rule=_rule(rule, template, as_json=as_json),
        holdout_percent=holdout, channel_choice=channel_choice, offer_caps=tuple(map(cap_of, cap or ())),
        excluded_campaigns=tuple(map(CampaignId, leave_to or ())), audience_limit=audience_limit,
        stacking=Stacking(priority=priority, group=group, alone=alone),
        arms=tuple(arm_of(one, money) for one in arm or ()), margin_percent=margin,
    )  # fmt: skip
    name_of_it = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.create", object_name=name_of_it) as (transaction, cause):
        campaign = drafts.create(transaction, cause, campaign_id, plan)
    emit(_row(campaign), as_json=as_json, title="Created")


@app.command("list")
def list_campaigns(
    *,
    limit: Limit = 50,
    state: Annotated[list[str] | None, typer.Option(help=f"Only {' or '.join(State)}; may be repeated.")] = None,
    words: Annotated[str, typer.Option(help="Only with these words in the name or id.")] = "",
    since: Annotated[str | None, typer.Option(help="Valid at this ISO time or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Valid before this ISO time.")] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the campaigns, newest first."""
    first, last = read_span(since, until)
    states = [read_word(each, "--state", list(State)) for each in state or ()]
    with reading(database_url) as snapshot:
        found = campaigns.page(snapshot, Sought(states=states, words=words, since=first, until=last), limit=limit)
    emit([_row(campaign) for campaign in found], as_json=as_json, title="Campaigns")


@app.command()
def show(campaign_id: CampaignIdArgument, *, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show one campaign."""
    with reading(database_url) as snapshot:
        campaign = campaigns.get(snapshot, campaign_id)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


@app.command()
def launch(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Freeze the audience and give a coupon to each customer not held out; `tierwise job show` tells how far it is."""
    name = f"campaigns/{campaign_id}"
    with changing(database_url, reason, action="campaigns.launch", object_name=name) as (transaction, cause):
        operation = launching.launch(transaction, cause, campaign_id, etag=etag)
    show_begun(operation, title="Launching", as_json=as_json)


@app.command()
def pause(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let no coupon be redeemed for the time being."""
    _move(campaigns.pause, "campaigns.pause", campaign_id, etag, reason, database_url, as_json=as_json)


@app.command()
def resume(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let coupons be redeemed again."""
    _move(campaigns.resume, "campaigns.resume", campaign_id, etag, reason, database_url, as_json=as_json)


@app.command()
def end(
    campaign_id: CampaignIdArgument, *, etag: Etag = None, reason: Reason = None, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a campaign for good."""
    _move(campaigns.end, "campaigns.end", campaign_id, etag, reason, database_url, as_json=as_json)


def _budget(typed: str, currency: str, confidence: float) -> Budget:
    return Budget(limit_minor=minor_units(typed, "--budget", currency), confidence=confidence)


def _rule(file: Path | None, template: Template | None, *, as_json: bool) -> Rule | None:
    if file is not None:
        return read_rule(file, as_json=as_json)
    return None if template is None else rule_of(template)


def _offers(typed_offers: list[str] | None, template: Template | None, currency: str) -> tuple[Offer, ...]:
    if (not typed_offers) is (template is None):
        fail("give --offer, once for each tier, or a --template")
    if template is not None:
        return offers_of(template)
    return tuple(offer_of(one, currency) for one in typed_offers or ())


def _move(
    use_case: Callable[..., Campaign], action: str, campaign_id: str, etag: str | None, reason: str | None,
    database_url: str | None, *, as_json: bool,
) -> None:  # fmt: skip
    with changing(database_url, reason, action=action, object_name=f"campaigns/{campaign_id}") as (transaction, cause):
        campaign = use_case(transaction, cause, campaign_id, etag=etag)
    emit(_row(campaign), as_json=as_json, title=campaign.name)


def _row(campaign: Campaign) -> dict[str, object]:
    plan = campaign.plan
    return {
        "campaign_id": campaign.campaign_id,
        "name": plan.display_name,
        "state": campaign.state,
        "version": campaign.version,
        "proposed_version": campaign.proposed_version,
        "offers": ", ".join(typed(offer, plan.currency) for offer in plan.offers),
        "start": written(plan.start_time),
        "end": written(plan.end_time),
        "currency": plan.currency,
        "issued": campaign.issued_count,
        "redeemed": campaign.redeemed_count,
        "limit": plan.redemption_limit,
        "budget_minor": None if plan.budget is None else plan.budget.limit_minor,
        "refund_gives_code_back": plan.refund_gives_code_back,
        "who": None if plan.rule is None else Speaker(currency=settings().currency).sentence(plan.rule),
        "channel_choice": plan.channel_choice,
        "caps": ", ".join(map(typed_cap, plan.offer_caps)),
        "left_to": ", ".join(plan.excluded_campaigns),
        "audience_limit": plan.audience_limit,
        "priority": plan.stacking.priority,
        "group": plan.stacking.group,
        "alone": plan.stacking.alone,
        "holdout_percent": plan.holdout_percent,
        "held_out": campaign.held_out_count,
        "arms": ", ".join(typed_arm(arm, plan.currency) for arm in plan.arms),
        "margin_percent": plan.margin_percent,
        "discounted_minor": campaign.discounted_minor,
        "etag": campaign.etag,
    }
