"""Whatever was known of whomever at the launch, the decision comes out as it was frozen."""

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.campaigns import NOW, add_customers, launch_campaign, make_plan, store_scores
from made.rules import SEGMENTS, people, rules
from replayed import explain, known_long_ago, run

from campaigns.audit.decision import Sameness
from campaigns.experiments.assignment import HOLDOUT
from campaigns.terms.campaign import CampaignId, CampaignPlan, Channel, ChannelChoice, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.restraint import OfferCap
from campaigns.tiers.tiers import Tier
from database.session import Database
from rules.fact import Facts

TEN = Discount(reward=Percent(percent=10))
NUMBERS = count()
FORETOLD = {"purchase_30", "purchase_60", "purchase_90", "expected_spend", "spend_90", "average_order"}
"""A launch makes a forecast, which takes probabilities to be some."""
LATER = NOW + timedelta(days=1)

channels = st.sets(st.sampled_from(["email", "sms"]))
crowds = st.lists(
    st.tuples(people(), st.sampled_from([8, 6000, 9000]), channels, channels, st.booleans()), min_size=3, max_size=6
)
"""Facts, expected spend, consents, segments … of each customer."""


plans = st.builds(
    lambda rule, choice, capped, limit, holdout: make_plan(
        offers=tuple(
            Offer(tier=tier, discount=TEN, channel=Channel.EMAIL, fallbacks=(Channel.SMS,))
            for tier in (Tier.HIGH, Tier.MID)
        ),
        rule=rule, channel_choice=choice, audience_limit=limit, holdout_percent=holdout,
        offer_caps=(OfferCap(offers=1, days=7),) if capped else (),
        excluded_campaigns=(CampaignId("earlier"),) if capped else (),
    ),
    st.none() | rules(), st.sampled_from(ChannelChoice), st.booleans(), st.none() | st.integers(1, 3),
    st.sampled_from([0, 50]),
)  # fmt: skip


@given(crowd=crowds, plan=plans)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_asks_gets_the_decision_that_was_frozen(
    database: Database, crowd: list[Any], plan: CampaignPlan
) -> None:
    begin_again(database)
    names = [f"c{number}" for number in range(len(crowd))]
    add_customers(database, names)
    store_scores(database, {name: spend for name, (_, spend, *_) in zip(names, crowd, strict=True)})
    for name, (facts, _, consented, segment, earlier) in zip(names, crowd, strict=True):
        remember(database, name, facts, consented, segment, earlier=earlier)
    known_long_ago(database)
    campaign_id = f"c{next(NUMBERS)}"
    launch_campaign(database, plan, campaign_id)

    found = [explain(database, name, campaign_id) for name in names]

    assert [(each.sameness, each.differences, each.missing) for each in found] == [(Sameness.SAME, (), ())] * len(names)
    for each in found:
        assert each.replayed is not None
        assert (each.replayed.group == HOLDOUT) == (each.replayed.exclusion is None and each.replayed.discount is None)


def begin_again(database: Database) -> None:
    tables = (
        "audiences", "exclusions", "segment_members", "segments", "customer_facts", "scores", "tier_changes",
        "customers", "operations", "tier_schemes", "models",
    )  # fmt: skip
    statements = [f"DELETE FROM {table};" for table in tables]
    statements += [
        "INSERT INTO segments (segment_id, display_name, rule, build, built_revision, built_at)"
        f" VALUES ('{segment}', '', '{{\"is_known\": \"churn\"}}', 1, 1, '{NOW - timedelta(days=1)}');"
        for segment in SEGMENTS
    ]
    statements.append(
        "INSERT INTO campaigns (campaign_id, display_name, state, offers, zone, start_time, end_time, currency,"
        f" launch_time) VALUES ('earlier', '', 'ACTIVE', '{{}}', 'UTC', '{NOW - timedelta(days=2)}', '{LATER}', 'GBP',"
        f" '{NOW - timedelta(days=2)}') ON CONFLICT DO NOTHING"
    )
    with database.writing() as transaction:
        transaction.connection().exec_driver_sql("".join(statements))


def possible(name: str, value: object) -> bool:
    """Whether a rescoring could leave this: probabilities that add up without underflow, and counts from 0."""
    number = value if isinstance(value, int | float) else -1
    if name in FORETOLD:
        return number == 0 or 1e-9 <= number <= 1
    return number >= 0 if name.endswith("_responses") else True


def remember(
    database: Database, name: str, facts: Facts, consented: set[str], segment: set[str], *, earlier: bool
) -> None:
    values = {
        each: list(value) if isinstance(value, frozenset) else value
        for each, value in facts.items()
        if possible(each, value)
    }
    columns = "".join(f", {each}" for each in values)
    places = "".join(f", :{each}" for each in values)
    run(database, "DELETE FROM customer_facts WHERE customer_id = :who", who=name)
    run(
        database,
        f"INSERT INTO customer_facts (customer_id, as_of{columns}) VALUES (:who, :as_of{places})",
        who=name, as_of=NOW, **values,
    )  # fmt: skip
    run(
        database,
        "UPDATE customers SET consented_channels = :agreed, preferred_channel = :wish WHERE customer_id = :who",
        agreed=sorted(consented), wish=min(segment, default=None), who=name,
    )  # fmt: skip
    if "email" in segment:
        run(database, "INSERT INTO segment_members VALUES (:id, 1, :who)", id=SEGMENTS[0], who=name)
    if earlier:
        run(
            database,
            "INSERT INTO audiences (campaign_id, customer_id, tier, tier_scheme, model_id, purchase_90, spend_minor)"
            " VALUES ('earlier', :who, 'HIGH', 1, 'm1', 0, 0)",
            who=name,
        )
