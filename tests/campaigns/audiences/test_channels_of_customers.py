"""By which channel a campaign reaches whom: consent first, then the campaign's order or the customer's own way."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.campaigns import (
    NOW,
    add_customers,
    begin_launch,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import delete, insert, text

from campaigns.audiences import audience
from campaigns.audiences.eligibility import ChannelReason, Eligible, Exclusion, Person, decide
from campaigns.life import campaigns, drafts
from campaigns.terms.campaign import CampaignId, CampaignPlan, Channel, ChannelChoice, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier
from database.audiences import eligibility
from database.audiences.eligibility import Reach
from database.audiences.tables import CustomerFactsRow
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Database

EMAIL, SMS, PUSH, ON_SITE = Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.ON_SITE


def offer(*channels: Channel, tier: Tier = Tier.HIGH) -> Offer:
    return Offer(tier=tier, discount=Discount(reward=Percent(percent=10)), channel=channels[0], fallbacks=channels[1:])


def reached(
    channels: Sequence[Channel], choice: ChannelChoice = ChannelChoice.BEHAVIOUR, *, consented: Sequence[str] = (),
    preferred: str | None = None, responses: Mapping[Channel, int] | None = None,
) -> tuple[Channel, ChannelReason] | Exclusion:  # fmt: skip
    person = Person(tier=Tier.HIGH, consented=consented, preferred=preferred, responses=responses or {})
    decided = decide(make_plan(offers=(offer(*channels),), channel_choice=choice), person, NOW)
    return (decided.channel, decided.channel_reason) if isinstance(decided, Eligible) else decided


ALL = ("email", "sms", "push")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (reached([EMAIL, SMS], ChannelChoice.ORDER, consented=ALL), (EMAIL, ChannelReason.ORDER)),
        (reached([EMAIL, SMS], ChannelChoice.ORDER, consented=["sms"]), (SMS, ChannelReason.ORDER)),
        (reached([EMAIL, SMS], ChannelChoice.ORDER, consented=ALL, preferred="sms"), (EMAIL, ChannelReason.ORDER)),
        (reached([EMAIL, ON_SITE]), (ON_SITE, ChannelReason.ORDER)),
        (reached([EMAIL, SMS], consented=ALL, responses={SMS: 1}), (SMS, ChannelReason.RESPONSES)),
        (reached([EMAIL, SMS], consented=ALL, responses={EMAIL: 1, SMS: 2}), (SMS, ChannelReason.RESPONSES)),
        (reached([EMAIL, SMS], consented=["email"], responses={SMS: 9}), (EMAIL, ChannelReason.ORDER)),
        (reached([EMAIL, SMS], consented=ALL, responses={PUSH: 9}), (EMAIL, ChannelReason.ORDER)),
        (reached([EMAIL, SMS], consented=ALL, preferred="sms"), (SMS, ChannelReason.PREFERENCE)),
        (reached([EMAIL, SMS], consented=ALL, preferred="push"), (EMAIL, ChannelReason.ORDER)),
        (
            reached([EMAIL, SMS], consented=ALL, preferred="sms", responses={EMAIL: 1}),
            (EMAIL, ChannelReason.RESPONSES),
        ),
        (reached([EMAIL, SMS], responses={SMS: 9}, preferred="sms"), Exclusion.NO_CONSENT),
    ],
)
def test_consent_then_behaviour_then_the_customers_wish_then_the_order(outcome: object, expected: object) -> None:
    assert outcome == expected


def test_who_has_no_tier_or_a_tier_without_offer_is_not_reached() -> None:
    assert decide(make_plan(), Person(tier=None), NOW) is Exclusion.NO_TIER
    assert decide(make_plan(), Person(tier=Tier.LOW), NOW) is Exclusion.TIER_WITHOUT_OFFER


def test_a_channel_stands_once(database: Database) -> None:
    with database.writing() as transaction, pytest.raises(InvalidCampaign) as refused:
        drafts.create(transaction, make_cause(), "spring", make_plan(offers=(offer(EMAIL, SMS, EMAIL),)))

    assert refused.value.metadata["field"] == "offers[HIGH].fallbacks"


channels = st.permutations(list(Channel)).flatmap(
    lambda order: st.integers(1, len(order)).map(lambda count: tuple(order[:count]))
)
plans = st.builds(
    lambda ways, choice: make_plan(
        offers=tuple(offer(*order, tier=tier) for tier, order in ways.items()), channel_choice=choice
    ),
    st.dictionaries(st.sampled_from(Tier), channels, min_size=1),
    st.sampled_from(ChannelChoice),
)
consents = st.lists(st.sampled_from(["email", "EMAIL", "Sms", "push", "post"]), max_size=3)
people = st.lists(
    st.tuples(
        st.sampled_from([None, *Tier]),
        consents,
        st.sampled_from([None, "email", "SMS", "on_site", "post"]),
        st.none() | st.dictionaries(st.sampled_from(Channel), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=8,
)


@given(plan=plans, crowd=people)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_query_for_all_decides_as_the_function_for_one(
    database: Database, plan: CampaignPlan, crowd: list[tuple[Tier | None, list[str], str | None, dict[Channel, int]]]
) -> None:
    expected = {}
    with database.writing() as transaction:
        for table in (CustomerRow, ScoreRow, CustomerFactsRow):
            transaction.execute(delete(table))
        for number, (tier, consented, preferred, responses) in enumerate(crowd):
            customer_id = f"c{number}"
            person = Person(
                tier=tier, consented=[channel.lower() for channel in consented],
                preferred=preferred and preferred.lower(), responses=responses or {},
            )  # fmt: skip
            expected[customer_id] = decide(plan, person, NOW)
            named = {"customer_id": customer_id}
            transaction.execute(
                insert(CustomerRow).values(**named, consented_channels=consented, preferred_channel=preferred)
            )
            transaction.execute(insert(ScoreRow).values(**named, **SCORE, tier=tier))
            if responses is not None:
                counted = {f"{channel.lower()}_responses": responses.get(channel, 0) for channel in Channel}
                transaction.execute(insert(CustomerFactsRow).values(**named, as_of=NOW, **counted))
        campaign = drafts.create(transaction, make_cause(), CampaignId("spring"), plan)
        found = eligibility.candidates(audience.targeting(campaign, NOW)).subquery()
        decided = {row.customer_id: row for row in transaction.execute(found.select())}
        transaction.rollback()

    outside = {name for name, each in expected.items() if each in (Exclusion.NO_TIER, Exclusion.TIER_WITHOUT_OFFER)}
    assert decided.keys() == expected.keys() - outside
    for name, row in decided.items():
        one = expected[name]
        told = (one.channel, one.channel_reason, None) if isinstance(one, Eligible) else (None, None, one)
        assert (row.channel, row.channel_reason, row.exclusion) == told


SCORE = {
    "model_id": "m", "as_of": NOW, "purchase_30": 0, "purchase_60": 0, "purchase_90": 0, "churn": 0, "spend_minor": 0,
    "spend_low_minor": 0, "spend_high_minor": 0, "currency": "GBP", "tier_scheme": 1, "operation_id": "o",
}  # fmt: skip


@pytest.fixture
def shop(database: Database) -> Database:
    """Of tier HIGH: anna agreed to e-mail and SMS and responded to an SMS, bert to SMS, carl to nothing."""
    add_customers(database, ["anna"], consented=["EMAIL", "sms"])
    add_customers(database, ["bert"], consented=["sms"])
    add_customers(database, ["carl"])
    store_scores(database, dict.fromkeys(("anna", "bert", "carl"), 9000))
    with database.writing() as transaction:
        transaction.execute(text("UPDATE customer_facts SET sms_responses = 1 WHERE customer_id = 'anna'"))
    return database


def frozen(database: Database) -> dict[str, tuple[str, str]]:
    with database.reading() as snapshot:
        rows = snapshot.execute(text("SELECT customer_id, channel, channel_reason FROM audiences ORDER BY 1"))
        return {name: (channel, reason) for name, channel, reason in rows}


@pytest.mark.parametrize(
    ("choice", "annas"), [(ChannelChoice.ORDER, ("EMAIL", "ORDER")), (ChannelChoice.BEHAVIOUR, ("SMS", "RESPONSES"))]
)
def test_the_audience_keeps_each_channel_with_its_reason_and_the_coupon_follows(
    shop: Database, choice: ChannelChoice, annas: tuple[str, str]
) -> None:
    plan = make_plan(offers=(offer(EMAIL, SMS),), channel_choice=choice)
    with shop.writing() as transaction:
        campaign = drafts.create(transaction, make_cause(), "spring", plan)
    operation = begin_launch(shop)
    with shop.reading() as snapshot:
        assert eligibility.reach(snapshot, audience.targeting(campaign, NOW)) == sorted(
            [
                Reach(tier="HIGH", channel=annas[0], channel_reason=annas[1], exclusion=None, count=1),
                Reach(tier="HIGH", channel="SMS", channel_reason="ORDER", exclusion=None, count=1),
                Reach(tier="HIGH", channel=None, channel_reason=None, exclusion="NO_CONSENT", count=1),
            ],
            key=lambda each: (each.channel or "~", each.channel_reason or "~"),
        )
    issue_chunk(shop, operation)
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE customers SET consented_channels = '{}'"))
        transaction.execute(text("UPDATE customer_facts SET sms_responses = 0"))
    while not (operation := read_operation(shop, operation.operation_id)).done:
        issue_chunk(shop, operation)

    assert frozen(shop) == {"anna": annas, "bert": ("SMS", "ORDER")}
    with shop.reading() as snapshot:
        coupons: dict[str, str] = dict(snapshot.execute(text("SELECT customer_id, channel FROM coupons")).all())
        assert campaigns.get(snapshot, "spring").plan == plan
    assert coupons == {"anna": annas[0], "bert": "SMS"}


def test_without_consent_anybody_can_still_be_met_on_the_shops_pages(shop: Database) -> None:
    launch_campaign(shop, make_plan(offers=(offer(EMAIL, ON_SITE),)))

    assert frozen(shop) == {"anna": ("EMAIL", "ORDER"), "bert": ("ON_SITE", "ORDER"), "carl": ("ON_SITE", "ORDER")}
