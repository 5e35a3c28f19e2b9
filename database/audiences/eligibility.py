"""Whom a campaign reaches and by which channel, and whom of its tiers it does not, and why: for all in one query.

The same decision as `campaigns.audiences.eligibility` makes for one customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    and_,
    any_,
    case,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB

from database.audiences import fitting
from database.audiences import inputs as decision_inputs
from database.audiences.tables import AudienceRow, CustomerFactsRow
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Snapshot
from database.terms.tables import CampaignRow
from rules.rule import Rule

FACTS = CustomerFactsRow.__table__
SCORED = (
    ScoreRow.customer_id, ScoreRow.tier, ScoreRow.tier_scheme, ScoreRow.model_id, ScoreRow.purchase_90,
    ScoreRow.spend_minor,
)  # fmt: skip
"""What an audience keeps of a score."""
AGREED: ColumnElement[Any] = func.lower(CustomerRow.consented_channels.cast(Text)).cast(ARRAY(Text))
"""In lower case: the array as a text and back takes half the time of a subquery for each customer."""
# A channel's rank is one number: the customer's responses, then the customer's wish, then the campaign's order.
RESPONSE, WISH, PLACES = 16, 8, 8
PARTS = 1_000_000
"""A share is drawn to a millionth."""
ENDED = "ENDED"


class Way(NamedTuple):
    """A channel of an offer."""

    channel: str
    needs_consent: bool


class Drawn(NamedTuple):
    """Some of all customers, each as likely as any other; the same seed draws the same ones."""

    share: float
    seed: int
    by_page: bool = False
    """Whether whole pages of facts are drawn: that costs as little as the share, and customers of one may be alike."""


class Cap(NamedTuple):
    """Whoever was taken into so many audiences since a time gets no more."""

    offers: int
    since: datetime


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
    caps: Sequence[Cap]
    excluded_campaigns: Sequence[str] = ()
    limit: int | None = None
    """Customers in the audience at most."""
    remembers: bool = False
    """Whether each candidate comes with what was read of them."""

    @property
    def inputs(self) -> list[str]:
        """The names of what is read of a customer beside the score, as `database.audiences.inputs` calls them."""
        of_rule, names = decision_inputs.of_rule(self.rule), [way.channel for way in self.all_ways]
        responses = [decision_inputs.RESPONSES.format(name) for name in names]
        caps = [decision_inputs.GOT.format(place) for place in range(len(self.caps))]
        return [
            decision_inputs.BELOW,
            *of_rule,
            *[decision_inputs.AGREED] * any(way.needs_consent for way in self.all_ways),
            *[decision_inputs.WISH, *responses] * self.by_behaviour,
            *[decision_inputs.EXCLUDED, *caps] * self.looks_at_others,
            *[decision_inputs.PLACE] * (self.limit is not None),
        ]

    @property
    def looks_at_others(self) -> bool:
        """Whether who is reached depends on the audiences of other campaigns."""
        return bool(self.caps or self.excluded_campaigns)

    @property
    def excludes(self) -> bool:
        """Whether anybody can be excluded at all."""
        return self.looks_at_others or self.limit is not None or any(way.needs_consent for way in self.all_ways)

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
    carried = [people.c[name] for name in targeting.inputs if targeting.remembers and name in people.c]
    ranked = select(*scored, people.c.ways, func.greatest(*ranks).label("rank"), *carried).subquery("ranked")
    judged = _judged(targeting, ranked)
    if targeting.limit is not None:
        judged = _limited(targeting, judged, targeting.limit)
    found = judged.subquery("found")
    reached = found.c.exclusion.is_(None)
    read = [found.c[name] for name in targeting.inputs if targeting.remembers]
    return select(
        *(found.c[each.key] for each in SCORED),
        case((reached, found.c.ways[PLACES - found.c.rank % PLACES])).label("channel"),
        case((reached, _reason(found.c.rank))).label("channel_reason"),
        found.c.exclusion,
        func.jsonb_build_array(*read, type_=JSONB).label("inputs"),
    )


def reach(snapshot: Snapshot, targeting: Targeting) -> list[Reach]:
    """How many customers each tier, channel and exclusion has."""
    fitting.tune(snapshot)
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
        people = people.where(fitting.where(targeting.rule))
    if targeting.remembers:
        read = {
            decision_inputs.BELOW: ScoreRow.below_since.is_not(None),
            **decision_inputs.of_rule(targeting.rule),
        }
        people = people.add_columns(*(each.label(name) for name, each in read.items()))
    if targeting.drawn is not None:
        people = people.where(_is_drawn(targeting.drawn))
    if targeting.rule is not None or targeting.by_behaviour:
        people = people.outerjoin(FACTS, FACTS.c.customer_id == ScoreRow.customer_id)
    if targeting.by_behaviour:
        wish = func.lower(CustomerRow.preferred_channel).label("wish")
        people = people.add_columns(wish, *(_responses(way) for way in targeting.all_ways))
    if any(way.needs_consent for way in targeting.all_ways):
        # OFFSET keeps the planner from reading the consents once for each channel.
        people = people.add_columns(AGREED.label("agreed")).offset(0)
    return people.subquery("people")


def _is_drawn(drawn: Drawn) -> ColumnElement[bool]:
    if drawn.by_page:
        pages = FACTS.tablesample(func.system(100 * drawn.share), seed=literal(drawn.seed), name="pages")
        return ScoreRow.customer_id.in_(select(pages.c.customer_id))
    return func.abs(turn(ScoreRow.customer_id, drawn.seed) % PARTS) < round(drawn.share * PARTS)


def _judged(targeting: Targeting, ranked: Subquery) -> Select[Any]:
    """With the first exclusion that applies, if any does; the audience's own limit comes after all of these."""
    reasons: list[tuple[ColumnElement[bool], str]] = [(ranked.c.rank.is_(None), "NO_CONSENT")]
    judged = select(ranked)
    if targeting.looks_at_others:
        others = _others(targeting)
        judged = judged.outerjoin(others, others.c.customer_id == ranked.c.customer_id)
        reasons.append((others.c.excluded, "OTHER_CAMPAIGN"))
        reasons += [(others.c[f"since_{place}"] >= cap.offers, "OFFER_CAP") for place, cap in enumerate(targeting.caps)]
        judged = judged.add_columns(
            *(each for each in others.c if targeting.remembers and each.key in targeting.inputs)
        )
    return judged.add_columns(case(*reasons).label("exclusion"))


def _others(targeting: Targeting) -> Subquery:
    """What counts of the audiences of other campaigns that a customer is in, held out or not."""
    member, campaign = AudienceRow, CampaignRow
    named = or_(*(each.in_(targeting.excluded_campaigns) for each in (campaign.campaign_id, campaign.series)))
    running = and_(campaign.state != ENDED, named)
    times = [campaign.launch_time >= cap.since for cap in targeting.caps]
    counts = [func.count().filter(time).label(f"since_{place}") for place, time in enumerate(times)]
    others = select(member.customer_id, func.bool_or(running).label("excluded"), *counts)
    others = others.join(campaign, campaign.campaign_id == member.campaign_id)
    others = others.where(member.campaign_id != targeting.campaign_id, or_(running, *times))
    return others.group_by(member.customer_id).subquery("others")


def _limited(targeting: Targeting, judged: Select[Any], limit: int) -> Select[Any]:
    """Whoever is in already stays; of the others those who are expected to spend most come in while there is room."""
    free = judged.subquery("free")
    of_this = (AudienceRow.campaign_id == targeting.campaign_id, AudienceRow.customer_id == free.c.customer_id)
    member = AudienceRow.customer_id.is_not(None)
    order = (free.c.exclusion.is_not(None), member.desc(), free.c.spend_minor.desc(), free.c.customer_id)
    place = func.row_number().over(order_by=order)
    full = case((and_(free.c.exclusion.is_(None), place > limit), "AUDIENCE_FULL"), else_=free.c.exclusion)
    kept = [each for each in free.c if each.key != "exclusion"]
    return select(*kept, place.label("place"), full.label("exclusion")).outerjoin(AudienceRow, and_(*of_this))


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
