"""Whom a campaign reaches and by which channel, and whom of its tiers it does not, and why: for all in one query.

The same decision as `campaigns.eligibility` makes for one customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    Values,
    any_,
    case,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    select,
    values,
)

from database import audience
from database.audience_tables import CustomerFactsRow
from database.session import Snapshot
from database.tables import CustomerRow, ScoreRow
from rules.rule import Rule

FACTS = CustomerFactsRow.__table__
SCORED = (
    ScoreRow.customer_id, ScoreRow.tier, ScoreRow.tier_scheme, ScoreRow.model_id, ScoreRow.purchase_90,
    ScoreRow.spend_minor,
)  # fmt: skip
"""What an audience keeps of a score."""
AGREED: ColumnElement[Any] = literal_column(
    "ARRAY(SELECT lower(channel) FROM unnest(customers.consented_channels) AS channel)", ARRAY(Text)
)
# A channel's rank is one number: the customer's responses, then the customer's wish, then the campaign's order.
RESPONSE, WISH, PLACES = 16, 8, 8
PARTS = 1_000_000
"""A share is drawn to a millionth."""


class Way(NamedTuple):
    """A channel of an offer."""

    channel: str
    needs_consent: bool


class Drawn(NamedTuple):
    """Some of all customers, each as likely as any other; the same seed draws the same ones."""

    share: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """Whom a campaign is for."""

    campaign_id: str
    ways: Mapping[str, Sequence[Way]]
    """Tier to the channels of its offer, in the campaign's order."""
    by_behaviour: bool
    """Whether the customer's responses and wish go before that order."""
    rule: Rule | None
    drawn: Drawn | None = None
    """Only some customers are looked at; None means all."""

    @property
    def all_ways(self) -> list[Way]:
        """Of any tier, each once."""
        return sorted({way for ways in self.ways.values() for way in ways})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """So many customers of an offered tier who fit the rule."""

    tier: str
    channel: str | None
    """None where they are excluded."""
    channel_reason: str | None
    exclusion: str | None
    count: int


def candidates(targeting: Targeting) -> Select[Any]:
    """Each customer of an offered tier who fits the rule: score, and `channel` with its reason or an `exclusion`."""
    people = _people(targeting)
    ranks = [_rank(way, people, by_behaviour=targeting.by_behaviour) for way in targeting.all_ways]
    scored = [people.c[each.key] for each in SCORED]
    found = select(*scored, people.c.ways, func.greatest(*ranks).label("rank")).subquery("found")
    return select(
        *(found.c[each.key] for each in SCORED),
        found.c.ways[PLACES - found.c.rank % PLACES].label("channel"),
        _reason(found.c.rank).label("channel_reason"),
        case((found.c.rank.is_(None), "NO_CONSENT")).label("exclusion"),
    )


def reach(snapshot: Snapshot, targeting: Targeting) -> list[Reach]:
    """How many customers each tier, channel and exclusion has."""
    audience.tune(snapshot)
    found = candidates(targeting).subquery()
    kinds = (found.c.tier, found.c.channel, found.c.channel_reason, found.c.exclusion)
    rows = snapshot.execute(select(*kinds, func.count().label("count")).group_by(*kinds).order_by(*kinds))
    return [Reach(**row) for row in rows.mappings()]


def turn(customer_id: SQLColumnExpression[str], seed: int) -> ColumnElement[int]:
    """The order in which customers are drawn."""
    return func.hashtextextended(customer_id, literal(seed, BigInteger))


def _people(targeting: Targeting) -> Subquery:
    """Customers of an offered tier who fit the rule, with their consent and, where it counts, how they respond."""
    offers = _offers(targeting)
    people = select(*SCORED, *offers.c["ways", *(f"{way.channel}_place" for way in targeting.all_ways)])
    people = people.join(CustomerRow, CustomerRow.customer_id == ScoreRow.customer_id)
    people = people.join(offers, offers.c.tier == ScoreRow.tier)
    if targeting.rule is not None:
        people = people.where(audience.where(targeting.rule))
    if targeting.drawn is not None:
        place = func.abs(turn(ScoreRow.customer_id, targeting.drawn.seed) % PARTS)
        people = people.where(place < round(targeting.drawn.share * PARTS))
    if targeting.rule is not None or targeting.by_behaviour:
        people = people.outerjoin(FACTS, FACTS.c.customer_id == ScoreRow.customer_id)
    if targeting.by_behaviour:
        wish = func.lower(CustomerRow.preferred_channel).label("wish")
        people = people.add_columns(wish, *(_responses(way) for way in targeting.all_ways))
    if any(way.needs_consent for way in targeting.all_ways):
        # OFFSET keeps the planner from reading the consents once for each channel.
        people = people.add_columns(AGREED.label("agreed")).offset(0)
    return people.subquery("people")


def _offers(targeting: Targeting) -> Values:
    """For each offered tier its channels, and the place of every channel among them."""
    names = [way.channel for way in targeting.all_ways]
    places = (column(f"{name}_place", Integer) for name in names)
    rows = []
    for tier, ways in targeting.ways.items():
        order = [way.channel for way in ways]
        rows.append((tier, order, *(order.index(name) if name in order else None for name in names)))
    return values(column("tier", Text), column("ways", ARRAY(Text)), *places, name="offers").data(rows)


def _responses(way: Way) -> ColumnElement[int]:
    return func.coalesce(FACTS.c[f"{way.channel.lower()}_responses"], 0).label(f"{way.channel}_responses")


def _rank(way: Way, people: Subquery, *, by_behaviour: bool) -> ColumnElement[int]:
    """Null where the tier's offer has no such channel, or the customer did not agree to it."""
    rank = PLACES - 1 - people.c[f"{way.channel}_place"]
    if by_behaviour:
        wished = func.coalesce(people.c.wish == way.channel.lower(), false())
        rank = rank + cast(people.c[f"{way.channel}_responses"], BigInteger) * RESPONSE + cast(wished, Integer) * WISH
    if not way.needs_consent:
        return rank
    agreed = literal(way.channel.lower()) == any_(people.c.agreed)
    return case((agreed, rank))


def _reason(rank: ColumnElement[int]) -> ColumnElement[str]:
    return case((rank >= RESPONSE, "RESPONSES"), (rank >= WISH, "PREFERENCE"), (rank >= 0, "ORDER"))
