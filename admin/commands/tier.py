"""`tierwise tier`: versions of the thresholds, who would move by one, and what tier a customer has and had."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from admin.models import tier_previews
from admin.models.tier_previews import Examples
from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit, fail
from admin.shell.transactions import Etag, Limit, Reason, changing, reading
from admin.shell.waiting import refuse_unfinished, waited
from admin.typed.times import read_span, written
from campaigns.tiers import previewing, schemes, tier_preview
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method, TierScheme
from database.models import scores
from database.tiers import changes as tier_changes

app = typer.Typer(no_args_is_help=True, add_completion=False)
MeasureOption = Annotated[Measure, typer.Option(help="What is compared.")]
METHOD = "ABSOLUTE: thresholds. QUANTILE: shares from the top."
HIGH = "Threshold (spend in minor units, or probability), or share, of HIGH."
MID = "The same for MID; a share counts from below HIGH."
Margin = Annotated[float, typer.Option(help="Share of a threshold: who has a tier keeps it that far below.")]
GraceDays = Annotated[int, typer.Option(help="Who lies further below keeps the tier for so many days.")]


@app.command()
def scheme(
    *,
    measure: MeasureOption = Measure.EXPECTED_VALUE,
    method: Annotated[Method, typer.Option(help=METHOD)],
    high: Annotated[float, typer.Option(help=HIGH)],
    mid: Annotated[float, typer.Option(help=MID)],
    margin: Margin = schemes.STEADY.margin,
    grace_days: GraceDays = schemes.STEADY.grace_days,
    activate: Annotated[bool, typer.Option(help="Put it in force for the next rescoring.")] = True,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a new version of the thresholds; scores keep the version that gave them their tier."""
    with changing(database_url, reason, action="tiers.create", object_name="tierSchemes") as (transaction, cause):
        made = schemes.create(
            transaction, cause, measure=measure, method=method, parameters=Levels(high=high, mid=mid),
            hysteresis=Hysteresis(margin=margin, grace_days=grace_days),
        )  # fmt: skip
        if activate:
            made = schemes.activate(transaction, cause, made.version)
    emit(_row(made), as_json=as_json, title="Tier scheme")


@app.command("list")
def list_schemes(*, limit: Limit = 50, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Show the versions, newest first."""
    with reading(database_url) as snapshot:
        found = schemes.page(snapshot, limit=limit)
    emit([_row(one) for one in found], as_json=as_json, title="Tier schemes")


@app.command("activate")
def put_in_force(
    version: Annotated[int, typer.Argument(help="As `tierwise tier list` shows it.")],
    *,
    etag: Etag = None,
    reason: Reason = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in force for the next rescoring; `tierwise tier preview` says before who would move."""
    about = f"tierSchemes/{version}"
    with changing(database_url, reason, action="tiers.activate", object_name=about) as (transaction, cause):
        active = schemes.activate(transaction, cause, version, etag=etag)
    emit(_row(active), as_json=as_json, title="In force")


@app.command()
def preview(
    version: Annotated[
        int | None, typer.Argument(help="Default: the options of a scheme that is not made yet, else the one in force.")
    ] = None,
    *,
    model: Annotated[str | None, typer.Option(help="By a model that `tierwise models preview` ran.")] = None,
    measure: MeasureOption = Measure.EXPECTED_VALUE,
    method: Annotated[Method | None, typer.Option(help=METHOD)] = None,
    high: Annotated[float | None, typer.Option(help=HIGH)] = None,
    mid: Annotated[float | None, typer.Option(help=MID)] = None,
    margin: Margin = schemes.STEADY.margin,
    grace_days: GraceDays = schemes.STEADY.grace_days,
    by_worker: Annotated[bool, typer.Option(help="Of a version: let a worker look, and keep it for the web.")] = False,
    examples: Examples = 5,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show who would move between tiers if a scheme, a model or both were in force; nothing moves."""
    if by_worker:
        if version is None:
            fail("a worker looks at a version: name it, as `tierwise tier list` shows it")
        tier_previews.show(_kept(version, model, database_url), as_json=as_json)
        return
    now = datetime.now(UTC)
    with reading(database_url) as snapshot:
        if version is not None:
            tried = schemes.get(snapshot, version)
        elif method is not None and high is not None and mid is not None:
            tried = schemes.draft(
                measure=measure, method=method, parameters=Levels(high=high, mid=mid),
                hysteresis=Hysteresis(margin=margin, grace_days=grace_days), now=now,
            )  # fmt: skip
        elif method is None and high is None and mid is None:
            tried = schemes.in_force(snapshot)
        else:
            fail("a scheme that is not made yet needs --method, --high and --mid")
        found = tier_preview.preview(snapshot, tried, model_id=model, now=now, size=examples)
    tier_previews.show(found, as_json=as_json)


@app.command()
def show(
    customer_id: Annotated[str, typer.Argument(help="The customer's id.")], *, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show a customer's stored score and tier."""
    with reading(database_url) as snapshot:
        score = scores.get(snapshot, customer_id)
    if score is None:
        fail(f"{customer_id} has no stored score: import the customer, then `tierwise job rescore`")
    row = {
        "customer_id": score.customer_id, "tier": score.tier, "since": written(score.tier_since),
        "below_since": written(score.below_since), "tier_scheme": score.tier_scheme, "tier_model": score.tier_model_id,
        "purchase_90": score.purchase_90, "spend_minor": score.spend_minor, "expected_orders": score.expected_orders,
        "churn": score.churn, "currency": score.currency, "model_id": score.model_id, "as_of": written(score.as_of),
    }  # fmt: skip
    emit(row, as_json=as_json, title="Tier")


@app.command()
def changes(
    *,
    customer: Annotated[str | None, typer.Option(help="Whose; default: everybody's.")] = None,
    since: Annotated[str | None, typer.Option(help="By rescorings as of this ISO time or later.")] = None,
    until: Annotated[str | None, typer.Option(help="By rescorings as of before this ISO time.")] = None,
    limit: Limit = 50,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the history of tiers, newest first."""
    first, last = read_span(since, until)
    with reading(database_url) as snapshot:
        found = tier_changes.page(snapshot, limit=limit, customer_id=customer, since=first, until=last)
    rows = [
        {
            "time": written(each.time), "customer_id": each.customer_id, "from": each.from_tier, "to": each.to_tier,
            "value": each.value, "tier_scheme": each.tier_scheme, "model_id": each.model_id,
        }
        for each in found
    ]  # fmt: skip
    emit(rows, as_json=as_json, title="Changes of tiers")


def _kept(version: int, model_id: str | None, database_url: str | None) -> TierPreview:
    """What a worker found, when it has."""
    about = f"tierSchemes/{version}"
    with changing(database_url, None, action=previewing.ACTION, object_name=about) as (transaction, cause):
        operation = previewing.begin(transaction, cause, version, model_id=model_id)
    done = waited(operation.operation_id, database_url)
    refuse_unfinished(done)
    with reading(database_url) as snapshot:
        return previewing.found(snapshot, done)


def _row(one: TierScheme) -> dict[str, object]:
    return {
        "version": one.version,
        "active": one.active,
        "measure": one.measure,
        "method": one.method,
        "high": one.parameters.high,
        "mid": one.parameters.mid,
        "high_from": None if one.thresholds is None else one.thresholds.high,
        "mid_from": None if one.thresholds is None else one.thresholds.mid,
        "margin": one.hysteresis.margin,
        "grace_days": one.hysteresis.grace_days,
        "etag": one.etag,
    }
