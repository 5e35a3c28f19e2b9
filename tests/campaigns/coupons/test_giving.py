"""A code by hand: who gets one, what it may cost, and that it counts in the budget and in no result."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from made.campaigns import (
    NOW,
    add_customers,
    audit_lines,
    codes_of,
    counts,
    launch_campaign,
    make_cause,
    make_plan,
    rescore,
    store_scores,
    used_of,
)
from made.orders import purchase, record
from sqlalchemy import text

from campaigns.coupons import blocking, budgeting, giving, inquiry, offering, reach, redemption
from campaigns.coupons.giving import Given
from campaigns.coupons.refusals import BudgetCommitted
from campaigns.customers import erasure
from campaigns.errors import Refusal
from campaigns.life import campaigns, switches
from campaigns.results import measuring
from campaigns.terms.basket import Basket
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.coupon import CouponState
from campaigns.terms.discount import Discount, Fixed, Percent
from campaigns.terms.limits import Budget
from campaigns.tiers.tiers import Tier
from database.coupons import counting, exposure
from database.coupons import reconciliation as figures
from database.session import Database, Transaction

FIVE = Discount(reward=Fixed(amount_minor=500))
WELCOME = Discount(reward=Fixed(amount_minor=300), first_order_only=True)
OFFERS = (
    Offer(tier=Tier.HIGH, discount=FIVE, channel=Channel.EMAIL, fallbacks=(Channel.ON_SITE,)),
    Offer(tier=Tier.LOW, discount=WELCOME, channel=Channel.ON_SITE),
)
LATE = "the parcel was late"
LATER = {"ben": 9000, "cleo": 9000, "mia": 2000}
"""Who is scored only after the launch."""


@pytest.fixture
def shop(database: Database) -> Database:
    """Whose campaign bears anna's code and some more."""
    return opened(database, limit_minor=2000)


def opened(database: Database, *, limit_minor: int) -> Database:
    """A campaign of which anna has a code, and customers who came later; nina was never scored."""
    store_scores(database, {"anna": 9000})
    launch_campaign(database, make_plan(offers=OFFERS, budget=Budget(limit_minor=limit_minor)))
    add_customers(database, [*LATER, "nina"])
    rescore(database, {"anna": 9000, **LATER})
    return database


def give(database: Database, who: str, *, reason: str = LATE) -> Given:
    with database.writing() as transaction:
        return giving.give(transaction, make_cause(reason=reason), "spring", who)


def use(transaction: Transaction, code: str, number: int = 1) -> None:
    basket = Basket(order_id=f"o{number}", order_minor=5000, currency="GBP")
    redemption.redeem(transaction, make_cause(), code, basket)


def differences(database: Database) -> list[str]:
    """Between counters and what they count."""
    with database.reading() as snapshot:
        return [each.name for each in figures.figures(snapshot, after="", limit=9) if each.truth != each.counter]


def test_who_is_outside_the_audience_gets_what_their_tier_gets(shop: Database) -> None:
    given, again = give(shop, "ben"), give(shop, "ben")

    assert (given.new, again.new, again.coupon) == (True, False, given.coupon)
    assert (given.coupon.tier, given.coupon.discount, given.coupon.state) == (Tier.HIGH, FIVE, CouponState.ISSUED)
    assert given.coupon.channel is Channel.ON_SITE, "it is told, not sent: nobody agreed to e-mail"
    assert give(shop, "nina").coupon.discount == WELCOME, "who was never scored may be new"
    assert give(shop, "anna").coupon.code == codes_of(shop)["anna"]
    assert [line for line in audit_lines(shop) if line[0] == "coupons.give"] == [
        ("coupons.give", "campaigns/spring", "OK")
    ] * 4
    with shop.reading() as snapshot:
        reasons = snapshot.scalars(text("SELECT DISTINCT reason FROM audit_log WHERE action = 'coupons.give'")).all()
        campaign = campaigns.get(snapshot, "spring")
        funnel = reach.funnel(snapshot, campaign)
        exported = {each.customer_id: each.by_hand for each in redemption.page(snapshot, "spring", limit=9)}
        held = {who: offering.offers_for(snapshot, who, NOW).offered[0].coupon.by_hand for who in ("anna", "ben")}
        asked = {who: inquiry.of_customer(snapshot, "spring", who, NOW) for who in ("ben", "nina")}
    assert exported == {"anna": False, "ben": True, "nina": True}
    assert held == {"anna": False, "ben": True}
    assert [len(each.given) for each in asked.values() if each is not None] == [2, 1], "of this coupon alone"
    assert reasons == [LATE]
    assert (campaign.issued_count, campaign.by_hand_count, campaign.audience_count) == (3, 2, 1)
    assert funnel is not None
    assert (funnel.audience, funnel.issued, funnel.redeemed) == (1, 1, 0)
    assert differences(shop) == []


def test_it_costs_budget_and_counts_in_no_group(database: Database) -> None:
    crowd = {f"c{number:02}": 9000 for number in range(40)}
    store_scores(database, crowd)
    launch_campaign(database, make_plan(offers=OFFERS, holdout_percent=30, budget=Budget(limit_minor=60_000)))
    add_customers(database, list(LATER))
    rescore(database, crowd | LATER)
    record(database, [purchase(who, 4000, days=1) for who in [*list(crowd)[:30], "ben"]])
    tomorrow = NOW + timedelta(days=2)
    with database.reading() as snapshot:
        before = measuring.results(snapshot, "spring", tomorrow)

    code = give(database, "ben").coupon.code
    give(database, "cleo")
    with database.reading() as snapshot:
        standing = budgeting.standing(snapshot, "spring", NOW)
    with database.writing() as transaction:
        use(transaction, code)

    with database.reading() as snapshot:
        after = measuring.results(snapshot, "spring", tomorrow)
        assert (after.results, after.arms) == (before.results, before.arms)
        assert reach.funnel(snapshot, campaigns.get(snapshot, "spring")).redeemed == 0  # type: ignore[union-attr]  # launched
    assert used_of(database) == (0, 0, 1, 500)
    assert differences(database) == []
    (committed,) = (each for each in standing.committed if each.group.arm == "by hand")
    assert (committed.group.coupons, committed.rate, committed.group.value_minor) == (2, 1.0, 500)


Hindrance = Callable[[Transaction], object]


def change(how: str) -> Hindrance:
    return lambda transaction: transaction.execute(text(f"UPDATE campaigns SET {how}"))


REFUSED: dict[str, tuple[str, str, Hindrance | None]] = {
    "nobody": ("nobody", "CUSTOMER_NOT_FOUND", None),
    "erased": ("ben", "CUSTOMER_NOT_FOUND", lambda t: erasure.begin(t, make_cause(), "ben")),
    "another tier": ("mia", "NOTHING_FOR_CUSTOMER", None),
    "paused": ("ben", "CAMPAIGN_NOT_RUNNING", lambda t: campaigns.pause(t, make_cause(), "spring")),
    "ended": ("anna", "CAMPAIGN_NOT_RUNNING", lambda t: campaigns.end(t, make_cause(), "spring")),
    "stopped": ("ben", "COUPONS_STOPPED", lambda t: switches.stop(t, make_cause(reason="a leak"), "-")),
    "used": ("anna", "COUPON_ALREADY_REDEEMED", lambda t: use(t, code_of(t))),
    "blocked": ("anna", "COUPON_BLOCKED", lambda t: blocking.block(t, make_cause(), code_of(t))),
    "over": ("ben", "CAMPAIGN_NOT_RUNNING", change("end_time = start_time + '1 h'::interval")),
    "not begun": (
        "ben", "CAMPAIGN_NOT_RUNNING", change("start_time = end_time - '1s'::interval")
    ),
    "all uses are used": (
        "ben", "REDEMPTION_LIMIT_REACHED", change("redemption_limit = 0")
    ),
    "all money is spent": ("ben", "BUDGET_EXHAUSTED", change("budget_minor = 0")),
    "what is left is for others": (
        "ben", "BUDGET_COMMITTED", change("budget_minor = 500")
    ),
}  # fmt: skip


def code_of(transaction: Transaction) -> str:
    code: str = transaction.scalars(text("SELECT code FROM coupons WHERE customer_id = 'anna'")).one()
    return code


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_leaves_everything_as_it_was(shop: Database, case: str) -> None:
    who, reason, hinder = REFUSED[case]
    if hinder is not None:
        with shop.writing() as transaction:
            hinder(transaction)
    tables = ("coupons", "by_hand_coupons", "audit_log", "ledger")
    before = counts(shop, *tables), differences(shop)

    with pytest.raises(Refusal) as refused:
        give(shop, who)

    assert refused.value.reason == reason
    assert "is ACTIVE" not in refused.value.message
    assert (counts(shop, *tables), differences(shop)) == before


def test_who_is_held_out_gets_none_and_no_code_is_given_without_a_reason(database: Database) -> None:
    crowd = {f"c{number:02}": 9000 for number in range(20)}
    store_scores(database, crowd)
    launch_campaign(database, make_plan(holdout_percent=50))
    held_out = min(crowd.keys() - codes_of(database).keys())

    with pytest.raises(Refusal, match="held out"):
        give(database, held_out)
    with pytest.raises(Refusal, match="say why"):
        give(database, held_out, reason=" ")
    assert counts(database, "by_hand_coupons") == (0,)


def test_a_first_order_is_nothing_for_who_has_bought(shop: Database) -> None:
    record(shop, [purchase("nina", 4000, days=-1)])

    with pytest.raises(Refusal, match="first order"):
        give(shop, "nina")


def test_where_nobody_was_drawn_percentages_cost_what_usual_orders_do_and_nothing_is_learned(
    database: Database,
) -> None:
    """Of who was never scored nothing is foretold: the coupon would be free, however many are out."""
    store_scores(database, {"anna": 9000})
    tenth = Offer(tier=Tier.LOW, discount=Discount(reward=Percent(percent=10)), channel=Channel.ON_SITE)
    end = NOW + timedelta(days=1)
    launch_campaign(database, make_plan(end_time=end), "drawn")
    launch_campaign(database, make_plan(offers=(tenth,), budget=Budget(limit_minor=16_000), end_time=end))
    add_customers(database, ["nina", "nora", "nell"])

    give(database, "nina")
    with database.reading() as snapshot:
        assert budgeting.standing(snapshot, "spring", NOW).liability.expected_minor == 3_000
    give(database, "nora")
    with pytest.raises(BudgetCommitted):
        give(database, "nell")

    with database.writing() as transaction:
        for campaign_id in ("drawn", "spring"):
            campaigns.end_in_time(transaction, make_cause(end), campaign_id)
            counting.count(transaction, campaign_id, end)
        assert [each.coupons for each in exposure.past(transaction, end, campaigns=1)] == [1]


def test_of_two_agents_at_the_edge_of_the_budget_one_gives_a_code(database: Database) -> None:
    """Each would fit beside anna's coupon, and not both; the same customer has one code whoever asks."""
    shop = opened(database, limit_minor=1000)

    def asked(who: str) -> str:
        try:
            return give(shop, who).coupon.code
        except Refusal as refusal:
            return refusal.reason

    with ThreadPoolExecutor(4) as agents:
        found = list(agents.map(asked, ["ben", "cleo"] * 4))

    given = set(found) - {"BUDGET_COMMITTED"}
    assert len(given) == 1
    assert found.count("BUDGET_COMMITTED") == 4
    assert counts(shop, "by_hand_coupons", "coupons") == (1, 2)
    assert differences(shop) == []
