"""Who is kept out of an audience so that nobody gets too much: decided before the draw, for both groups alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made.campaigns import (
    NOW,
    add_customers,
    approve_campaign,
    begin_launch,
    codes_of,
    issue_chunk,
    launch_campaign,
    make_cause,
    make_plan,
    read_operation,
    store_scores,
)
from sqlalchemy import delete, insert, text

from campaigns.audiences import audience
from campaigns.audiences.eligibility import Eligible, Exclusion, Membership, Person, decide
from campaigns.coupons import issuance
from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.life import campaigns, drafts, launch
from campaigns.terms import stored
from campaigns.terms.campaign import CampaignId, CampaignPlan, Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.recurrence import Recurrence, occurrences
from campaigns.terms.refusals import InvalidCampaign
from campaigns.terms.restraint import OfferCap, Stacking
from campaigns.tiers.tiers import Tier
from database.audiences import eligibility
from database.audiences.tables import AudienceRow
from database.customers.tables import CustomerRow
from database.models.tables import ScoreRow
from database.session import Database
from database.terms.tables import CampaignRow

WEEK = timedelta(days=7)
ONE_A_WEEK = (OfferCap(offers=1, days=7),)
BY_MAIL = Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.EMAIL)
CROWD = [f"c{number:02}" for number in range(60)]


def member(campaign_id: str, launch_time: datetime, *, running: bool = True, series: str | None = None) -> Membership:
    return Membership(campaign_id=campaign_id, launch_time=launch_time, running=running, series=series)


def verdict(plan: CampaignPlan, *memberships: Membership, place: int = 1) -> Exclusion | None:
    decided = decide(plan, Person(tier=Tier.HIGH, memberships=memberships, place=place), NOW)
    return None if isinstance(decided, Eligible) else decided


def test_a_cap_counts_the_audiences_of_its_days() -> None:
    weekly = make_plan(offer_caps=ONE_A_WEEK)
    mixed = make_plan(offer_caps=(OfferCap(offers=1, days=1), OfferCap(offers=2, days=7)))
    today = NOW.replace(hour=0)
    first = today - 6 * timedelta(days=1)
    old, recent = member("a", first - timedelta(microseconds=1)), member("a", first, running=False)

    assert verdict(weekly) is verdict(weekly, old) is None
    assert verdict(weekly, recent) is Exclusion.OFFER_CAP
    assert verdict(mixed, recent) is verdict(mixed, member("b", today - timedelta(seconds=1))) is None
    assert verdict(mixed, recent, member("b", NOW - timedelta(days=2))) is Exclusion.OFFER_CAP
    assert verdict(mixed, member("b", today)) is Exclusion.OFFER_CAP


@pytest.mark.parametrize(
    ("cron", "days", "zone"),
    [
        pytest.param("0 9 * * SUN", 7, "Europe/London", id="weekly"),
        pytest.param("0 0 * * *", 1, "America/New_York", id="daily-at-midnight"),
    ],
)
def test_a_series_reaches_its_customers_each_time_however_clocks_go(cron: str, days: int, zone: str) -> None:
    """Launches are some seconds late, and never as many; a day of spring has an hour less."""
    plan = make_plan(offer_caps=(OfferCap(offers=1, days=days),), zone=zone)
    year = occurrences(Recurrence(cron=cron, days=1), zone, since=NOW, until=NOW + timedelta(days=365))
    launched = [each.start_time + timedelta(seconds=59 - number % 60) for number, each in enumerate(year)]

    for before, now in pairwise(launched):
        person = Person(tier=Tier.HIGH, memberships=[member("a", before)])
        assert isinstance(decide(plan, person, now), Eligible), now
        assert decide(plan, person, before + timedelta(hours=14)) is Exclusion.OFFER_CAP


def test_customers_are_left_to_another_campaign_while_it_runs() -> None:
    plan = make_plan(excluded_campaigns=(CampaignId("a"),))

    assert verdict(plan, member("a", NOW - 9 * WEEK)) is Exclusion.OTHER_CAMPAIGN
    assert verdict(plan, member("a-20110909", NOW, series="a")) is Exclusion.OTHER_CAMPAIGN
    assert verdict(plan, member("a", NOW, running=False)) is verdict(plan, member("b", NOW)) is None
    assert verdict(plan, member("b-20110909", NOW, series="b")) is None


def test_a_full_audience_has_those_who_are_expected_to_spend_most() -> None:
    plan = make_plan(audience_limit=2)

    assert verdict(plan, place=2) is None
    assert verdict(plan, place=3) is Exclusion.AUDIENCE_FULL


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"offer_caps": (OfferCap(offers=0, days=1),)}, "offer_caps[0].offers"),
        ({"offer_caps": (*ONE_A_WEEK, OfferCap(offers=1, days=0))}, "offer_caps[1].days"),
        ({"offer_caps": (OfferCap(offers=1, days=367),)}, "offer_caps[0].days"),
        ({"offer_caps": 2 * ONE_A_WEEK}, "offer_caps"),
        ({"audience_limit": 0}, "audience_limit"),
        ({"excluded_campaigns": ("a", "a")}, "excluded_campaigns"),
        ({"excluded_campaigns": ("No",)}, "excluded_campaigns"),
        ({"stacking": Stacking(priority=1001)}, "stacking.priority"),
        ({"stacking": Stacking(group="Sale!")}, "stacking.group"),
    ],
)
def test_restraint_that_makes_no_sense_names_its_field(
    database: Database, changes: dict[str, object], field: str
) -> None:
    with database.writing() as transaction, pytest.raises(InvalidCampaign) as refused:
        drafts.create(transaction, make_cause(), "spring", make_plan(**changes))

    assert refused.value.metadata["field"] == field


def test_restraint_is_kept_as_it_was_planned(database: Database) -> None:
    plan = make_plan(
        offer_caps=(OfferCap(offers=1, days=1), OfferCap(offers=3, days=30)), audience_limit=9,
        excluded_campaigns=(CampaignId("winter"),), stacking=Stacking(priority=-3, group="sale", alone=True),
    )  # fmt: skip
    with database.writing() as transaction:
        created = drafts.create(transaction, make_cause(), "spring", plan)

    with database.reading() as snapshot:
        assert campaigns.get(snapshot, "spring") == created
    assert created.plan == plan


SERIES = {"b": "weekly"}
ages = st.sampled_from([0, 1, 6, 7, 8, 30])
others = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(ages, st.booleans()), max_size=3)
plans = st.builds(
    lambda caps, excluded, limit: make_plan(
        offers=(BY_MAIL,), excluded_campaigns=tuple(excluded), audience_limit=limit,
        offer_caps=tuple(OfferCap(offers=offers, days=days) for days, offers in caps.items()),
    ),
    st.dictionaries(st.sampled_from([1, 7, 30]), st.integers(1, 3), max_size=2),
    st.lists(st.sampled_from([CampaignId("a"), CampaignId("weekly")]), unique=True),
    st.none() | st.integers(1, 3),
)  # fmt: skip
Crowd: TypeAlias = list[tuple[bool, int, set[str]]]
"""Whether each agreed to e-mail, what they are expected to spend, and the audiences that they are in."""
people = st.lists(
    st.tuples(st.booleans(), st.sampled_from([5, 6]), st.sets(st.sampled_from(["a", "b", "c"]))), min_size=1, max_size=6
)


@given(plan=plans, campaigns=others, crowd=people)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    plan=make_plan(offers=(BY_MAIL,), offer_caps=ONE_A_WEEK, audience_limit=1),
    campaigns={"a": (0, True)}, crowd=[(True, 6, {"a"}), (True, 6, set()), (False, 6, set()), (True, 5, set())],
)  # fmt: skip
def test_the_query_for_all_decides_as_the_function_for_one(
    database: Database, plan: CampaignPlan, campaigns: dict[str, tuple[int, bool]], crowd: Crowd
) -> None:
    known = {
        name: member(name, NOW - timedelta(days=age), running=running, series=SERIES.get(name))
        for name, (age, running) in campaigns.items()
    }
    persons: dict[str, Person] = {}
    with database.writing() as transaction:
        for table in (AudienceRow, CampaignRow, CustomerRow, ScoreRow):
            transaction.execute(delete(table))
        for name, each in known.items():
            state = {"state": "ACTIVE" if each.running else "ENDED", "launch_time": each.launch_time}
            origin = {"campaign_id": name, "series": each.series}
            row = insert(CampaignRow).values(**origin, **stored.plan_values(make_plan()), **state)
            transaction.execute(row)
        for number, (agreed, spend, memberships) in enumerate(crowd):
            named = {"customer_id": f"c{number}"}
            persons[f"c{number}"] = Person(
                tier=Tier.HIGH, consented=["email"] if agreed else [],
                memberships=[known[name] for name in memberships if name in known],
            )  # fmt: skip
            transaction.execute(insert(CustomerRow).values(**named, consented_channels=["email"] if agreed else []))
            transaction.execute(insert(ScoreRow).values(**named, **SCORE, spend_minor=spend))
            for name in memberships & known.keys():
                # Held out there or not makes no difference here.
                arm = HOLDOUT if number % 2 else "offer"
                transaction.execute(insert(AudienceRow).values(campaign_id=name, arm=arm, **named, **FROZEN))
        campaign = drafts.create(transaction, make_cause(), "spring", plan)
        found = eligibility.candidates(audience.targeting(campaign, NOW)).subquery()
        decided = {row.customer_id: row.exclusion for row in transaction.execute(found.select())}
        transaction.rollback()

    free = [name for name, person in persons.items() if isinstance(decide(plan, person, NOW), Eligible)]
    ranked = sorted(free, key=lambda name: (-crowd[int(name[1:])][1], name))
    for name, person in persons.items():
        placed = replace(person, place=ranked.index(name) + 1 if name in ranked else 1)
        one = decide(plan, placed, NOW)
        assert decided[name] == (None if isinstance(one, Eligible) else one)


FROZEN = {"tier": "HIGH", "tier_scheme": 1, "model_id": "m", "purchase_90": 0.0, "spend_minor": 0}
SCORE = {
    "model_id": "m", "as_of": NOW, "purchase_30": 0, "purchase_60": 0, "purchase_90": 0, "churn": 0, "tier": "HIGH",
    "spend_low_minor": 0, "spend_high_minor": 0, "currency": "GBP", "tier_scheme": 1, "operation_id": "o",
}  # fmt: skip


def audience_of(database: Database, campaign_id: str) -> dict[str, str]:
    """Customer to group."""
    with database.reading() as snapshot:
        query = text("SELECT customer_id, arm FROM audiences WHERE campaign_id = :id")
        return dict(snapshot.execute(query, {"id": campaign_id}).all())


def exclusions_of(database: Database, campaign_id: str) -> dict[str, str]:
    with database.reading() as snapshot:
        query = text("SELECT customer_id, reason FROM exclusions WHERE campaign_id = :id")
        return dict(snapshot.execute(query, {"id": campaign_id}).all())


@pytest.fixture
def shop(database: Database) -> Database:
    """Sixty customers of tier HIGH; those with an even number agreed to e-mail."""
    add_customers(database, CROWD[::2], consented=["email"])
    add_customers(database, CROWD[1::2])
    store_scores(database, {who: 9000 + number for number, who in enumerate(CROWD)})
    return database


def test_exclusions_come_before_the_draw_and_count_the_held_out_of_others(shop: Database) -> None:
    launch_campaign(shop, make_plan(offers=(BY_MAIL,), holdout_percent=50), "first")
    first = audience_of(shop, "first")
    assert set(first) == set(CROWD[::2])
    assert exclusions_of(shop, "first") == dict.fromkeys(CROWD[1::2], "NO_CONSENT")
    assert HOLDOUT in first.values()

    second = make_plan(holdout_percent=50, excluded_campaigns=(CampaignId("first"),), audience_limit=20)
    launch_campaign(shop, second, "second")

    best = sorted(CROWD[1::2], reverse=True)[:20]
    assert audience_of(shop, "second") == {
        who: group_of(second.design, campaign_id="second", customer_id=who) for who in best
    }
    assert exclusions_of(shop, "second") == dict.fromkeys(first, "OTHER_CAMPAIGN") | dict.fromkeys(
        set(CROWD[1::2]) - set(best), "AUDIENCE_FULL"
    )
    third = make_plan(offer_caps=ONE_A_WEEK)
    launch_campaign(shop, third, "third")
    assert exclusions_of(shop, "third") == dict.fromkeys([*first, *best], "OFFER_CAP")
    assert set(codes_of(shop, "third")) == set(CROWD[1::2]) - set(best)


def test_customers_are_left_to_no_campaign_that_is_none(shop: Database) -> None:
    with shop.writing() as transaction:
        drafts.create(transaction, make_cause(), "first", make_plan())
        others = (CampaignId("first"), CampaignId("frist"))
        drafts.create(transaction, make_cause(), "second", make_plan(excluded_campaigns=others))

    with pytest.raises(InvalidCampaign, match="there is no campaigns/frist to leave customers to") as refused:
        approve_campaign(shop, "second")

    assert refused.value.metadata["field"] == "excluded_campaigns"
    with shop.writing() as transaction:
        drafts.update(transaction, make_cause(), "second", lambda plan: replace(plan, excluded_campaigns=others[:1]))
    assert approve_campaign(shop, "second").version == 2


def test_two_launches_at_once_do_not_both_take_a_customer(shop: Database) -> None:
    operations = []
    for campaign_id in ("one", "two", "three"):
        with shop.writing() as transaction:
            drafts.create(transaction, make_cause(), campaign_id, make_plan(offer_caps=ONE_A_WEEK))
        operations.append(begin_launch(shop, campaign_id))

    def freeze(place: int) -> bool:
        with shop.writing() as transaction:
            return issuance.freeze(transaction, operations[place], NOW)

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(freeze, range(3)))

    sizes = sorted(len(audience_of(shop, campaign_id)) for campaign_id in ("one", "two", "three"))
    assert sizes == [0, 0, 60]


def test_a_launch_that_is_taken_up_again_takes_in_who_came_to_fit_while_there_is_room(shop: Database) -> None:
    with shop.writing() as transaction:
        drafts.create(transaction, make_cause(), "spring", make_plan(offers=(BY_MAIL,), audience_limit=31))
    failed = begin_launch(shop)
    issue_chunk(shop, failed)
    assert len(audience_of(shop, "spring")) == 30
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE operations SET state = 'FAILED'"))
        transaction.execute(text("UPDATE customers SET consented_channels = '{email}'"))
        operation = launch.launch(transaction, make_cause(), "spring")

    while not (operation := read_operation(shop, operation.operation_id)).done:
        issue_chunk(shop, operation, limit=50)

    assert set(audience_of(shop, "spring")) == {*CROWD[::2], "c59"}
    assert exclusions_of(shop, "spring") == dict.fromkeys(CROWD[1:-1:2], "AUDIENCE_FULL")
