"""A decision can be made again: by the same inputs it comes out the same, and what is not there any more is named."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from campaign_factories import (
    NOW,
    add_customers,
    begin_launch,
    create_campaign,
    finish_launch,
    launch_campaign,
    make_cause,
    make_plan,
    rescore,
    store_scores,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_strategies import SEGMENTS, people, rules
from sqlalchemy import text

from campaigns.audiences import segments
from campaigns.audiences.eligibility import ChannelReason
from campaigns.audit import replaying
from campaigns.audit.decision import Decision, Sameness
from campaigns.audit.replaying import Explained
from campaigns.customers import erasure
from campaigns.customers.refusals import CustomerNotFound
from campaigns.experiments.assignment import HOLDOUT
from campaigns.life.refusals import CampaignNotLaunched
from campaigns.terms.campaign import CampaignId, CampaignPlan, Channel, ChannelChoice, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Budget
from campaigns.terms.restraint import OfferCap
from campaigns.tiers.tiers import Tier
from database.session import Database
from rules.fact import Facts
from rules.rule import Compare, InSegment, Operator

RICH = Compare("expected_spend", Operator.AT_LEAST, 9000)
TEN = Discount(reward=Percent(percent=10))
NUMBERS = count()
FORETOLD = {"purchase_30", "purchase_60", "purchase_90", "expected_spend", "spend_90", "average_order"}
"""A launch makes a forecast, which takes probabilities to be some."""
LATER = NOW + timedelta(days=1)


def explain(database: Database, customer_id: str = "anna", campaign_id: str = "spring") -> Explained:
    with database.reading() as snapshot:
        return replaying.explain(snapshot, campaign_id, customer_id)


def run(database: Database, statement: str, **values: object) -> None:
    with database.writing() as transaction:
        transaction.execute(text(statement), values)


def known_long_ago(database: Database) -> None:
    run(database, "UPDATE customers SET create_time = :then", then=NOW - timedelta(days=99))


@pytest.fixture
def shop(database: Database) -> Database:
    """Anna is HIGH and rich, ben is HIGH, cleo is LOW."""
    add_customers(database, ["anna", "ben", "cleo"])
    known_long_ago(database)
    store_scores(database, {"anna": 9000, "ben": 8000, "cleo": 10})
    return database


def test_the_same_inputs_give_the_same_offer(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH))

    found = explain(shop)

    assert (found.sameness, found.differences, found.missing) == (Sameness.SAME, (), ())
    assert (found.version, found.time) == (1, NOW)
    assert found.issued == found.replayed == Decision(
        tier=Tier.HIGH, group="offer", channel=Channel.ON_SITE, channel_reason=ChannelReason.ORDER, discount=TEN
    )  # fmt: skip
    assert found.reasons == (
        "tier HIGH: the expected spend is 90.00 GBP, HIGH begins at 50.00 GBP and MID at 10.00 GBP",
        "is expected to spend at least 90.00 GBP within 90 days: it is 90.00 GBP",
        "on the site, which needs no consent",
        found.reasons[-1],
    )
    assert found.reasons[-1].startswith("in the arm offer: drawn to 0.")


def test_what_came_later_changes_nothing(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH))

    rescore(shop, {"anna": 1, "ben": 9999, "cleo": 1}, as_of=LATER)
    run(shop, 'UPDATE tier_schemes SET thresholds = \'{"high": 1, "mid": 0}\'')

    assert explain(shop).sameness is Sameness.SAME


@pytest.mark.parametrize(
    ("statement", "differing"),
    [
        ("UPDATE coupons SET discount = jsonb_set(discount, '{percent}', '90')", ("discount",)),
        ("UPDATE audiences SET arm = 'holdout'", ("group",)),
        ("UPDATE audiences SET channel = 'EMAIL'", ("channel",)),
        ("UPDATE audiences SET spend_minor = 10", ("tier", "exclusion")),
        ("UPDATE audiences SET inputs = '[false, 8999]'", ("exclusion",)),
        ("DELETE FROM coupons", ("discount",)),
    ],
)
def test_who_got_something_else_is_found(shop: Database, statement: str, differing: tuple[str, ...]) -> None:
    launch_campaign(shop, make_plan(rule=RICH))
    run(shop, statement)

    found = explain(shop)

    assert found.sameness is Sameness.DIFFERS
    assert set(differing) <= set(found.differences)


@pytest.mark.parametrize(
    ("customer_id", "exclusion"), [("ben", "RULE"), ("cleo", "TIER_WITHOUT_OFFER"), ("new", "NO_TIER")]
)
def test_why_somebody_is_not_in_the_audience(shop: Database, customer_id: str, exclusion: str) -> None:
    add_customers(shop, ["new"])
    known_long_ago(shop)
    launch_campaign(shop, make_plan(rule=RICH))

    found = explain(shop, customer_id)

    assert found.sameness is Sameness.SAME
    assert found.replayed is not None
    assert found.replayed.exclusion == exclusion


def test_who_came_later_was_not_known(shop: Database) -> None:
    launch_campaign(shop, make_plan())
    run(shop, "INSERT INTO customers (customer_id, create_time) VALUES ('late', :now)", now=LATER)

    assert explain(shop, "late").replayed == Decision(exclusion="NOT_KNOWN")


def test_who_was_left_out_for_a_reason_on_record(shop: Database) -> None:
    by_mail = Offer(tier=Tier.HIGH, discount=TEN, channel=Channel.EMAIL)
    run(shop, "UPDATE customers SET consented_channels = '{email}' WHERE customer_id = 'anna'")
    launch_campaign(shop, make_plan(offers=(by_mail,)), "first")
    launch_campaign(shop, make_plan(offers=(by_mail,), offer_caps=(OfferCap(offers=1, days=7),)))

    with_consent, without = explain(shop), explain(shop, "ben")

    assert [each.sameness for each in (with_consent, without)] == [Sameness.SAME] * 2
    assert with_consent.issued == Decision(exclusion="OFFER_CAP", tier=Tier.HIGH)
    assert without.issued == Decision(exclusion="NO_CONSENT", tier=Tier.HIGH)


def test_what_is_not_there_any_more_is_named(shop: Database) -> None:
    with shop.writing() as transaction:
        segments.create(transaction, make_cause(), "friends", display_name="Friends", rule=RICH)
    run(shop, "UPDATE segments SET build = 1, built_revision = 1, built_at = :then", then=NOW - timedelta(days=1))
    launch_campaign(shop, make_plan(rule=InSegment("friends")))
    run(shop, "UPDATE segments SET built_at = :now", now=LATER)
    run(shop, "UPDATE operations SET update_time = :now WHERE kind = 'SCORE_ALL_CUSTOMERS'", now=LATER)
    launch_campaign(shop, make_plan(), "plain")
    run(shop, "DELETE FROM models")

    outside, inside = explain(shop), explain(shop, campaign_id="plain")

    assert (outside.sameness, outside.replayed, inside.sameness) == (
        Sameness.NOT_REPLAYABLE, None, Sameness.NOT_REPLAYABLE,
    )  # fmt: skip
    assert outside.missing == (
        "score and facts: all customers were rescored at 2026-11-21T12:00:00+00:00",
        "segments/friends: it was built anew, or is gone",
    )
    assert inside.missing == ("models/m1",)


def test_audiences_from_before_say_so(shop: Database) -> None:
    launch_campaign(shop, make_plan())
    run(shop, "UPDATE campaigns SET frozen_from = NULL")

    assert explain(shop).missing == ("what the audience was frozen from: it is older",)


def test_an_erasure_takes_what_was_read_and_leaves_the_books(shop: Database) -> None:
    launch_campaign(shop, make_plan(rule=RICH))
    with shop.writing() as transaction:
        erasure.begin(transaction, make_cause(), "anna")

    found = explain(shop)

    assert (found.sameness, found.missing) == (Sameness.NOT_REPLAYABLE, ("the customer: they were erased",))
    with shop.reading() as snapshot:
        kept = snapshot.execute(text("SELECT inputs, spend_minor FROM audiences")).all()
    assert kept == [(None, 9000)]


def test_nothing_is_explained_of_nobody_or_before_the_launch(shop: Database) -> None:
    create_campaign(shop)
    with pytest.raises(CampaignNotLaunched):
        explain(shop)
    finish_launch(shop, begin_launch(shop))
    with pytest.raises(CustomerNotFound):
        explain(shop, "nobody")


def test_whom_the_budget_left_out_is_told_apart(database: Database) -> None:
    crowd = [f"c{number:02}" for number in range(60)]
    add_customers(database, crowd)
    known_long_ago(database)
    store_scores(database, dict.fromkeys(crowd, 9000))
    launch_campaign(database, make_plan(budget=Budget(limit_minor=20_000, confidence=0.9)))

    found = [explain(database, each) for each in crowd]

    assert {each.sameness for each in found} == {Sameness.SAME}
    assert {each.replayed.exclusion for each in found if each.replayed is not None} == {None, "OVER_BUDGET"}


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
) -> None:  # fmt: skip
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
) -> None:  # fmt: skip
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
        )  # fmt: skip
