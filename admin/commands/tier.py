"""`tierwise tier`: versions of the thresholds, and what tier a customer has."""

from datetime import datetime
from typing import Annotated

import typer

from admin.output import emit, fail
from admin.transactions import AsJson, DatabaseUrl, Limit, Reason, changing, reading
from campaigns import schemes
from campaigns.tiers import Hysteresis, Levels, Measure, Method, TierScheme
from database import scores

app = typer.Typer(help="Tiers: how predicted value becomes high, mid and low.", no_args_is_help=True)


@app.command()
def scheme(
    *,
    measure: Annotated[Measure, typer.Option(help="What is compared.")] = Measure.EXPECTED_VALUE,
    method: Annotated[Method, typer.Option(help="ABSOLUTE: thresholds. QUANTILE: shares from the top.")],
    high: Annotated[float, typer.Option(help="Threshold (spend in minor units, or probability), or share, of HIGH.")],
    mid: Annotated[float, typer.Option(help="The same for MID; a share counts from below HIGH.")],
    margin: Annotated[
        float, typer.Option(help="Share of a threshold: who has a tier keeps it that far below.")
    ] = schemes.STEADY.margin,
    grace_days: Annotated[
        int, typer.Option(help="Who lies further below keeps the tier for so many days.")
    ] = schemes.STEADY.grace_days,
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


@app.command()
def show(
    customer: Annotated[str, typer.Argument(help="Whose tier.")], *, database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show a customer's stored score and tier."""
    with reading(database_url) as snapshot:
        score = scores.get(snapshot, customer)
    if score is None:
        fail(f"{customer} has no stored score: import the customer, then `tierwise job rescore`")
    row = {
        "customer_id": score.customer_id, "tier": score.tier, "since": _day(score.tier_since),
        "below_since": _day(score.below_since), "tier_scheme": score.tier_scheme, "tier_model": score.tier_model_id,
        "purchase_90": score.purchase_90, "spend_minor": score.spend_minor, "churn": score.churn,
        "currency": score.currency, "model_id": score.model_id, "as_of": score.as_of.isoformat(timespec="seconds"),
    }  # fmt: skip
    emit(row, as_json=as_json, title="Tier")


def _day(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")


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
    }
