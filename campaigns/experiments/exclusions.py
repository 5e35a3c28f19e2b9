"""Who does not take part, and why: found for the held-out customers by the same rules as for everyone else.

Rules, consent, caps and what the budget can pay for decide about a customer before the group is looked at. A customer
who would have been refused a coupon is refused in the holdout too; otherwise the holdout keeps the customers whom the
arms lost, and the difference measures that. What happens after the launch excludes nobody: who never opened the
message, unsubscribed or did not redeem is counted in the group they were put in (intention to treat).
"""

from collections.abc import Mapping

import polars as pl

from campaigns.experiments.assignment import Design, groups_of

Tally = Mapping[str, int]
"""Customers of each group."""


def divided(audience: pl.DataFrame, design: Design, *, campaign_id: str) -> pl.DataFrame:
    """The audience with the column `group`, excluded customers included.

    `audience` has `customer_id`, and `excluded_because` that is null for those who take part.
    """
    return audience.with_columns(groups_of(design, campaign_id=campaign_id, customer_ids=audience["customer_id"]))


def taking_part(divided_audience: pl.DataFrame, design: Design) -> Tally:
    """How many customers of each group are counted in the results."""
    return _tally(divided_audience.filter(pl.col("excluded_because").is_null()), design)


def excluded(divided_audience: pl.DataFrame, design: Design) -> dict[str, Tally]:
    """How many customers of each group every reason took out, in alphabetical order of the reasons."""
    parts = divided_audience.drop_nulls("excluded_because").partition_by("excluded_because", as_dict=True)
    return {str(reason): _tally(part, design) for (reason,), part in sorted(parts.items())}


def _tally(part: pl.DataFrame, design: Design) -> dict[str, int]:
    seen = dict(part["group"].value_counts().iter_rows())
    return {group: seen.get(group, 0) for group in design.groups}
