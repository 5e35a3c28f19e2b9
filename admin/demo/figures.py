"""What the demo compares: what was predicted for each customer with what the hidden time brought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from tierwise.v1 import score_pb2, tier_pb2

from admin.running.first_shop import FirstShop
from events.attributes import read_items
from events.event import EventType
from events.formats import preset
from events.loading import load_events

HORIZON = timedelta(days=90)
MINOR = 100
NANOS = 1_000_000_000


def scores_frame(scores: Iterable[score_pb2.Score]) -> pl.DataFrame:
    """customer_id, tier, purchase_90, spend (major units), churn."""
    return pl.DataFrame(
        [
            {
                "customer_id": score.customer.removeprefix("customers/"),
                "tier": tier_pb2.Tier.Name(score.tier),
                "purchase_90": score.purchase_probabilities[-1].probability,
                "spend": score.expected_spend.expected.units + score.expected_spend.expected.nanos / NANOS,
                "churn": score.churn_probability,
            }
            for score in scores
        ]
    )


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What the shop's files say of the time that was hidden from the network."""

    outcomes: pl.DataFrame
    """customer_id, spent (major units) in the 90 days from the as-of time, for all who had bought before it."""
    titles: Mapping[str, str]
    """Of the items."""


def hindsight(shop: FirstShop, currency: str) -> Hindsight:
    """Read the files again, with what came after the as-of time."""
    reading = preset(shop.preset).with_currency(currency)
    end = shop.as_of + HORIZON
    read = [load_events(file, reading, now=end + HORIZON) for file in shop.files]
    items = pl.concat([loaded.items for loaded in read] + [read_items(file).rows for file in shop.catalogue])
    titled = items.filter(pl.col("title").is_not_null())
    bought = pl.concat([loaded.events for loaded in read]).filter(pl.col("event_type") == EventType.PURCHASE)
    known = bought.filter(pl.col("time") < shop.as_of).select("customer_id").unique()
    after = bought.filter(pl.col("time").is_between(shop.as_of, end, closed="left"))
    spent = (pl.col("quantity") * pl.col("unit_price_minor")).sum().truediv(MINOR).alias("spent")
    outcomes = known.join(after.group_by("customer_id").agg(spent), on="customer_id", how="left")
    return Hindsight(
        outcomes=outcomes.with_columns(pl.col("spent").fill_null(0.0)),
        titles=dict(titled.select("item_id", "title").iter_rows()),
    )


def by_tier(scores: pl.DataFrame, outcomes: pl.DataFrame) -> list[dict[str, object]]:
    """One row a tier: what was predicted beside what came."""
    joined = scores.join(outcomes, on="customer_id")
    order = {"HIGH": 0, "MID": 1, "LOW": 2}
    rows = (
        joined.group_by("tier")
        .agg(
            pl.len().alias("customers"),
            pl.col("purchase_90").mean().alias("predicted to buy"),
            (pl.col("spent") > 0).mean().alias("bought"),
            pl.col("spend").mean().alias("predicted spend"),
            pl.col("spent").mean().alias("spent"),
            pl.col("spent").sum().alias("revenue"),
        )
        .sort(pl.col("tier").replace_strict(order, default=3))
    )
    total = joined["spent"].sum() or 1.0
    return [
        {
            "tier": row["tier"],
            "customers": row["customers"],
            "predicted to buy": f"{row['predicted to buy']:.0%}",
            "bought": f"{row['bought']:.0%}",
            "predicted spend": f"{row['predicted spend']:,.0f}",
            "spent": f"{row['spent']:,.0f}",
            "share of revenue": f"{row['revenue'] / total:.0%}",
        }
        for row in rows.iter_rows(named=True)
    ]


def ranking_quality(scores: pl.DataFrame, outcomes: pl.DataFrame) -> float:
    """AUC: the chance that a customer who bought was ranked above one who did not (Mann-Whitney)."""
    joined = scores.join(outcomes, on="customer_id")
    bought = joined["spent"] > 0
    ranks = joined["purchase_90"].rank("average")
    positive, negative = int(bought.sum()), int((~bought).sum())
    if not positive or not negative:
        return float("nan")
    return (float(ranks.filter(bought).sum()) - positive * (positive + 1) / 2) / (positive * negative)
