"""Forms of a plan give back what they show, and name what is wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made.campaigns import NOW, make_plan

from admin.web.forms import amendment, arms, limits, offers, schedule
from admin.web.forms.schedule import Schedule
from admin.web.forms.typed import Fault
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.terms.campaign import CampaignId, Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Scope
from campaigns.terms.limits import Budget
from campaigns.terms.recurrence import Recurrence
from campaigns.terms.restraint import OfferCap, Stacking
from campaigns.tiers.tiers import Tier

AMOUNTS = st.integers(1, 10**12)
MAYBE = st.none() | AMOUNTS
NAMES = st.sampled_from(["A1", "Schuhe|Stiefel", "电", "a,b"])
REWARDS = (
    st.builds(Percent, percent=st.integers(1, 100), maximum_minor=MAYBE)
    | st.builds(Fixed, amount_minor=AMOUNTS)
    | st.builds(FreeShipping, maximum_minor=MAYBE)
    | st.builds(Gift, item_id=NAMES)
)
SCOPES = st.builds(
    Scope, items=st.lists(NAMES, max_size=2).map(tuple), categories=st.lists(NAMES, min_size=1, max_size=2).map(tuple)
)
DISCOUNTS = st.builds(
    Discount, reward=REWARDS, first_order_only=st.booleans(), minimum_minor=MAYBE, scope=st.none() | SCOPES
)
ORDERS = st.permutations(list(Channel)).flatmap(lambda order: st.integers(1, 4).map(lambda size: tuple(order[:size])))
CURRENCIES = st.sampled_from(["GBP", "JPY", "KWD"])


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Offer, ...]:
    made = []
    for tier in Tier:
        if draw(st.booleans()):
            channel, *fallbacks = draw(ORDERS)
            made.append(Offer(tier=tier, discount=draw(DISCOUNTS), channel=channel, fallbacks=tuple(fallbacks)))
    return tuple(made)


@given(planned=matrices(), currency=CURRENCIES)
def test_offers_come_back_as_they_were(planned: tuple[Offer, ...], currency: str) -> None:
    found = offers.read(offers.shown(planned, currency), currency)

    assert (found.offers, found.faults) == (planned, {})


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"reward": "percent"}, {"HIGH.amount": Fault.EMPTY, "HIGH.channel.0": Fault.EMPTY}),
        ({"reward": "percent", "amount": "12.5", "channel.0": "EMAIL"}, {"HIGH.amount": Fault.WHOLE}),
        ({"reward": "fixed", "amount": "1.999", "channel.0": "EMAIL"}, {"HIGH.amount": Fault.DECIMALS}),
        ({"reward": "shipping", "maximum": "x", "channel.0": "EMAIL"}, {"HIGH.maximum": Fault.NUMBER}),
        ({"reward": "gift", "channel.1": "EMAIL"}, {"HIGH.amount": Fault.EMPTY}),
        ({"reward": "", "amount": "x"}, {}),
    ],
)
def test_offers_that_make_no_sense_are_named(typed: dict[str, str], faults: dict[str, Fault]) -> None:
    found = offers.read({f"HIGH.{name}": [text] for name, text in typed.items()}, "GBP")

    assert (found.offers, dict(found.faults)) == ((), faults)


SHARES = st.none() | st.integers(1, 100)
VARIANTS = st.lists(
    st.tuples(st.sampled_from(["plain", "bold", "rare"]), st.integers(1, 9), SHARES, SHARES, SHARES), max_size=3
)


@given(planned=matrices(), rows=VARIANTS, currency=CURRENCIES)
def test_variants_of_shares_come_back_as_they_were(
    planned: tuple[Offer, ...], rows: list[tuple[str, int, int | None, int | None, int | None]], currency: str
) -> None:
    fields: dict[str, list[str]] = {}
    for place, (name, weight, *shares) in enumerate(rows):
        fields |= {f"arm.{place}.name": [name], f"arm.{place}.weight": [str(weight)]}
        fields |= {
            f"arm.{place}.{tier}": ["" if share is None else str(share)]
            for tier, share in zip(Tier, shares, strict=True)
        }

    found = arms.read(fields, planned)
    plan = make_plan(offers=planned, arms=found.arms, currency=currency)

    assert [(arm.name, arm.weight) for arm in found.arms] == [(name, weight) for name, weight, *_ in rows]
    assert arms.showable(plan)
    assert arms.read(arms.shown(found.arms), planned) == arms.Read(arms=found.arms, faults={})


def test_variants_that_change_more_than_shares_are_not_shown_as_rows() -> None:
    offer = make_plan().offers[0]
    free = ArmPlan(name="free", discounts=(TierDiscount(Tier.HIGH, Discount(reward=FreeShipping())),))

    assert not arms.showable(make_plan(offers=(offer,), arms=(free,)))
    nameless = arms.read({"arm.0.HIGH": ["30"], "arm.1.name": ["b"], "arm.1.weight": ["x"]}, (offer,))
    assert nameless == arms.Read(arms=(), faults={"arm.0.name": Fault.EMPTY, "arm.1.weight": Fault.NUMBER})
    assert arms.field_of("arms[1].discounts[HIGH].percent") == "arm.1.HIGH"
    assert [arms.field_of(each) for each in ("arms", "arms[0].weight", "offers")] == [
        "arm.0.name",
        "arm.0.weight",
        "offers",
    ]


@pytest.mark.parametrize(
    ("refused", "field"),
    [("offers[HIGH].discount.percent", "HIGH.amount"), ("offers[LOW].discount.scope", "LOW.items"),
     ("offers[MID].fallbacks", "MID.channel.0"), ("offers", "offers")],
)  # fmt: skip
def test_a_refusal_stands_beside_its_field(refused: str, field: str) -> None:
    assert offers.field_of(refused) == field


MINUTES = st.integers(0, 10**7).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
MOMENTS = MINUTES | st.integers(0, 10**9).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CRONS = st.sampled_from(
    [
        "0 9 * * *",
        "00 09 * * *",
        "30 7 * * MON,FRI",
        "0 9 * * 1",
        "0 0 1 * *",
        "5 4 31 12 *",
        "0 9 * * FRI,MON",
        "0 9 1-7 * MON",
        "0 9 L * *",
    ]
)
SCHEDULES = st.builds(
    Schedule, start_time=MOMENTS, end_time=MOMENTS, zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    recurrence=st.none() | st.builds(Recurrence, cron=CRONS, days=st.integers(1, 366)),
)  # fmt: skip


@given(planned=SCHEDULES)
def test_a_schedule_comes_back_to_the_microsecond(planned: Schedule) -> None:
    found = schedule.read(schedule.shown(planned), planned)

    assert (found.schedule, found.faults) == (planned, {})


def test_local_times_are_of_the_zone_that_is_typed_with_them() -> None:
    before = schedule.of_plan(make_plan())
    typed = {"zone": "Europe/Berlin", "start": "2026-07-01T08:00", "end": "2026-12-01T08:00", "repeat": "weekly"}
    fields = {name: [text] for name, text in typed.items()} | {
        "weekday": ["MON", "SAT"],
        "at": ["09:30"],
        "days": ["2"],
    }

    found = schedule.read(fields, before)

    assert found.schedule == Schedule(
        start_time=datetime(2026, 7, 1, 6, tzinfo=UTC), end_time=datetime(2026, 12, 1, 7, tzinfo=UTC),
        zone="Europe/Berlin", recurrence=Recurrence(cron="30 9 * * MON,SAT", days=2),
    )  # fmt: skip


def test_the_last_day_of_each_month_is_a_choice_of_its_own() -> None:
    before = schedule.of_plan(make_plan())
    typed = {"repeat": ["monthly"], "day": ["L"], "at": ["09:00"], "days": ["3"]}

    found = schedule.read(schedule.shown(before) | typed, before).schedule

    assert found is not None
    assert found.recurrence == Recurrence(cron="0 9 L * *", days=3)
    assert schedule.shown(found) == schedule.shown(before) | typed


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({"zone": "Nowhere"}, {"zone": Fault.ZONE}),
        ({"start": ""}, {"start": Fault.EMPTY}),
        ({"end": "soon"}, {"end": Fault.TIME}),
        ({"zone": "America/New_York", "end": "9999-12-31T23:59"}, {"end": Fault.TIME}),
        ({"repeat": "daily", "at": "25:00", "days": "1"}, {"at": Fault.TIME}),
        ({"repeat": "daily", "at": "", "days": "x"}, {"at": Fault.EMPTY, "days": Fault.NUMBER}),
        ({"repeat": "weekly", "at": "09:00", "days": "1"}, {"weekday": Fault.EMPTY}),
        ({"repeat": "monthly", "day": "1st", "at": "09:00", "days": ""}, {"day": Fault.NUMBER, "days": Fault.EMPTY}),
    ],
)
def test_schedules_that_make_no_sense_are_named(typed: dict[str, str], faults: dict[str, Fault]) -> None:
    before = schedule.of_plan(make_plan())
    fields = schedule.shown(before) | {name: [text] for name, text in typed.items()}

    found = schedule.read(fields, before)

    assert (found.schedule, dict(found.faults)) == (None, faults)


NUMBERS = st.none() | st.integers(1, 100)
LIMITS = st.fixed_dictionaries({
    "budget": st.none() | st.builds(Budget, limit_minor=AMOUNTS, confidence=st.sampled_from([0.5, 0.95, 0.9999])),
    "holdout_percent": st.integers(0, 50), "redemption_limit": NUMBERS, "margin_percent": NUMBERS,
    "audience_limit": NUMBERS, "refund_gives_code_back": st.booleans(), "currency": CURRENCIES,
    "offer_caps": st.lists(
        st.builds(OfferCap, offers=st.integers(1, 9), days=st.integers(1, 366)), max_size=5
    ).map(tuple),
    "stacking": st.builds(
        Stacking, priority=st.integers(-9, 9), group=st.none() | st.just("seasonal"), alone=st.booleans()
    ),
    "excluded_campaigns": st.lists(st.sampled_from(["spring", "a-1"]).map(CampaignId), unique=True).map(tuple),
})  # fmt: skip


@given(chosen=LIMITS)
def test_limits_come_back_as_they_were(chosen: dict[str, object]) -> None:
    plan, bare = make_plan(**chosen), make_plan(currency=chosen["currency"])

    found = limits.read(limits.shown(plan), bare)

    assert (found.plan, found.faults) == (plan, {})


def test_a_budget_in_place_of_none_that_was_asked_for_is_as_sure_as_the_one_that_runs() -> None:
    runs = make_plan(budget=Budget(limit_minor=100_000, confidence=0.99))
    typed = {**amendment.shown(runs), amendment.BUDGET: ["2000.00"]}

    read = amendment.read(typed, replace(runs, budget=None), runs)

    assert read.plan.budget == Budget(limit_minor=200_000, confidence=0.99)


def test_limits_that_make_no_sense_are_named_and_change_nothing() -> None:
    plan = replace(make_plan(), start_time=NOW)
    typed = {"budget": ["1.999"], "holdout_percent": ["ten"], "cap.0.offers": ["2"], "cap.1.days": ["30"]}
    fields = limits.shown(plan) | typed

    found = limits.read(fields, plan)

    assert found.plan == plan
    assert found.faults == {
        "budget": Fault.DECIMALS,
        "holdout_percent": Fault.NUMBER,
        "cap.0.days": Fault.EMPTY,
        "cap.1.offers": Fault.EMPTY,
    }
    assert limits.field_of("offer_caps[1].days") == "cap.1.days"
    assert limits.field_of("stacking.group") == "group"


@pytest.mark.parametrize(
    ("currency", "typed", "minor"),
    [("GBP", "2,500.00", 250_000), ("JPY", "1,000,000", 1_000_000), ("KWD", "1.234", 1234)],
)
def test_amounts_may_be_typed_as_pages_write_them(currency: str, typed: str, minor: int) -> None:
    plan = make_plan(currency=currency)

    found = limits.read(limits.shown(plan) | {"budget": [typed], "confidence": ["0"]}, plan)

    assert found.plan.budget == Budget(limit_minor=minor, confidence=0)


@pytest.mark.parametrize("typed", ["2,50", "2.500,00", "1,0000", ",100", "£5"])
def test_what_could_be_two_amounts_is_none(typed: str) -> None:
    found = limits.read(limits.shown(make_plan()) | {"budget": [typed]}, make_plan())

    assert found.faults == {"budget": Fault.NUMBER}
