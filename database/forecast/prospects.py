"""What the customers whom a campaign would reach are foretold to do: as sums for its forecast, and some of them.

`members` has a row for each candidate: customer_id, tier, channel with its reason, and the exclusion (null for whoever
is reached).
"""

import operator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, Text, case, func, literal, select

from database.audiences import fitting
from database.audiences.eligibility import Targeting, candidates, turn
from database.audiences.tables import AudienceRow, CustomerFactsRow
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Snapshot

FACTS = CustomerFactsRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How much of each foretold probability counts for a span of time."""

    purchase_30: float
    purchase_60: float
    purchase_90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Of a campaign: in which it is offered, and of which its results tell."""

    offered: Horizon
    counted: Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospects:
    """The candidates of one tier who are reached by one channel, or are kept out for one reason."""

    tier: str
    channel: str | None
    exclusion: str | None
    count: int
    new_count: int
    """Of them who never bought."""
    buyers: float
    """Sum of the probabilities to buy within the span."""
    counted_buyers: float
    """Likewise, within the span of which results tell."""
    counted_squared: float
    """Sum of the squares of these."""
    new_buyers: float
    """Sum over those who never bought."""
    spend_minor: float
    """Sum of the expected spend within 90 days."""
    new_spend_minor: float
    buyers_90: float
    """Sum of the probabilities to buy within 90 days."""
    past_spend_minor: float
    """Sum of what was spent within the 90 days before the facts were known."""
    past_spend_squared: float

    def share(self, part: float) -> "Prospects":
        """So much of them, as a draw by hash would leave them in the mean."""
        return Prospects(
            tier=self.tier, channel=self.channel, exclusion=self.exclusion, count=round(self.count * part),
            new_count=round(self.new_count * part),
            buyers=self.buyers * part, counted_buyers=self.counted_buyers * part,
            counted_squared=self.counted_squared * part, new_buyers=self.new_buyers * part,
            spend_minor=self.spend_minor * part, new_spend_minor=self.new_spend_minor * part,
            buyers_90=self.buyers_90 * part, past_spend_minor=self.past_spend_minor * part,
            past_spend_squared=self.past_spend_squared * part,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """One customer whom the campaign would reach."""

    customer_id: str
    tier: str
    channel: str
    channel_reason: str
    tier_scheme: int
    purchase_90: float
    spend_minor: int
    average_order: int | None
    """None where no order is known."""


def tier_sizes(snapshot: Snapshot) -> dict[str | None, int]:
    """All customers by tier; None for those who have none."""
    query = select(ScoreRow.tier, func.count()).select_from(CustomerRow)
    scored = query.outerjoin(ScoreRow, ScoreRow.customer_id == CustomerRow.customer_id)
    return dict(snapshot.execute(scored.group_by(ScoreRow.tier)).all())


def planned(targeting: Targeting) -> FromClause:
    """The candidates of a campaign as things stand."""
    return candidates(targeting).subquery("members")


def frozen(campaign_id: str) -> FromClause:
    """The audience of a launched campaign."""
    columns = (
        AudienceRow.customer_id, AudienceRow.tier, AudienceRow.channel, AudienceRow.channel_reason,
        literal(None, Text).label("exclusion"),
    )  # fmt: skip
    return select(*columns).where(AudienceRow.campaign_id == campaign_id).subquery("members")


def sums(snapshot: Snapshot, members: FromClause, *, spans: Spans) -> list[Prospects]:
    """Of each tier, channel and exclusion that has customers, from their scores as the facts keep them."""
    fitting.tune(snapshot)
    chance, counted, spend = _chance(spans.offered), _chance(spans.counted), FACTS.c.expected_spend.cast(Double)
    new, past = FACTS.c.has_bought.is_not(True), FACTS.c.spend_90.cast(Double)
    kinds = (members.c.tier, members.c.channel, members.c.exclusion)
    query = select(
        *kinds, func.count().label("count"), func.count().filter(new).label("new_count"),
        _sum(chance, "buyers"), _sum(case((new, chance)), "new_buyers"),
        _sum(counted, "counted_buyers"), _sum(counted * counted, "counted_squared"),
        _sum(spend, "spend_minor"), _sum(case((new, spend)), "new_spend_minor"),
        _sum(FACTS.c.purchase_90, "buyers_90"),
        _sum(past, "past_spend_minor"), _sum(past * past, "past_spend_squared"),
    )  # fmt: skip
    joined = query.select_from(members).outerjoin(FACTS, FACTS.c.customer_id == members.c.customer_id)
    rows = snapshot.execute(joined.group_by(*kinds).order_by(*kinds)).mappings()
    return [Prospects(**row) for row in rows]


def drawn(snapshot: Snapshot, members: FromClause, *, size: int, seed: int = 0) -> list[Prospect]:
    """Up to `size` customers who are reached, each as likely as any other; the same seed draws the same ones."""
    fitting.tune(snapshot)
    in_turn = turn(members.c.customer_id, seed)
    columns = [members.c[name] for name in ("customer_id", "tier", "channel", "channel_reason")]
    first = select(*columns).where(members.c.exclusion.is_(None))
    some = first.order_by(in_turn).limit(size).subquery("some")
    query = select(*some.c, ScoreRow.tier_scheme, ScoreRow.purchase_90, ScoreRow.spend_minor, FACTS.c.average_order)
    joined = query.join(ScoreRow, ScoreRow.customer_id == some.c.customer_id)
    joined = joined.outerjoin(FACTS, FACTS.c.customer_id == some.c.customer_id)
    rows = snapshot.execute(joined.order_by(turn(some.c.customer_id, seed))).mappings()
    return [Prospect(**row) for row in rows]


def _chance(horizon: Horizon) -> ColumnElement[float]:
    """What counts for nothing is not read, a million times over."""
    weights = {
        "purchase_30": horizon.purchase_30,
        "purchase_60": horizon.purchase_60,
        "purchase_90": horizon.purchase_90,
    }
    parts = [literal(weight, Double) * FACTS.c[name] for name, weight in weights.items() if weight]
    return reduce(operator.add, parts, literal(0.0, Double))


def _sum(amount: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """What is not known counts as nothing."""
    return func.coalesce(func.sum(amount), 0.0).label(name)
