"""What a customer may have of a campaign at a moment, or the first reason why not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from made.campaigns import NOW

from campaigns.audiences.eligibility import Exclusion
from campaigns.coupons.entitlement import Hindrance, Known, Reason, Standing, offered, withheld
from campaigns.terms.campaign import CampaignId, Channel, State
from campaigns.terms.coupon import Coupon, CouponState
from campaigns.terms.discount import Discount, Percent
from campaigns.terms.limits import Use
from campaigns.terms.restraint import Stacking
from campaigns.tiers.tiers import Tier
from rules.document import to_data
from rules.rule import Compare, Operator

COUPON = Coupon(
    code="A", campaign_id=CampaignId("spring"), customer_id="anna", tier=Tier.HIGH, channel=Channel.ON_SITE,
    discount=Discount(reward=Percent(percent=10)), state=CouponState.ISSUED, issue_time=NOW - timedelta(days=1),
    expire_time=NOW + timedelta(days=9),
)  # fmt: skip
OPEN = Standing(
    campaign_id=CampaignId("spring"), display_name="Spring", state=State.ACTIVE, start_time=NOW,
    end_time=NOW + timedelta(days=9), currency="GBP", stacking=Stacking(), redemption_limit=5, budget_minor=500,
    used=Use(4, 499), tiers=("HIGH",), rule=None, launched=True, stop=None, arm="offer", exclusion=None,
    coupon=COUPON, held_order=None,
)  # fmt: skip
LOYAL = to_data(Compare("orders", Operator.AT_LEAST, 2))
HIGH = Known(tier=Tier.HIGH, facts={"orders": 1, "spend": 700}, segments=(), currency="GBP")


def reasons(standing: Standing, known: Known = HIGH, order_id: str | None = None) -> list[Reason]:
    return [each.reason for each in withheld([standing], known, NOW, order_id=order_id)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"end_time": NOW, "stop": "leaked"}, Hindrance.ENDED),
        ({"state": State.ENDED}, Hindrance.ENDED),
        ({"coupon": replace(COUPON, state=CouponState.REDEEMED), "state": State.PAUSED}, Hindrance.REDEEMED),
        ({"coupon": replace(COUPON, state=CouponState.BLOCKED, expire_time=NOW)}, Hindrance.BLOCKED),
        ({"coupon": replace(COUPON, expire_time=NOW)}, Hindrance.EXPIRED),
        ({"stop": "leaked", "state": State.PAUSED}, Hindrance.STOPPED),
        ({"state": State.PAUSED}, Hindrance.PAUSED),
        ({"state": State.LAUNCHING}, Hindrance.LAUNCHING),
        ({"start_time": NOW + timedelta(seconds=1)}, Hindrance.NOT_STARTED),
        ({"held_order": "o1"}, Hindrance.RESERVED),
        ({"used": Use(5, 0)}, Hindrance.LIMIT_REACHED),
        ({"used": Use(0, 500)}, Hindrance.BUDGET_EXHAUSTED),
    ],
)
def test_a_code_is_withheld_for_the_first_reason_that_lasts(changes: dict[str, object], reason: Hindrance) -> None:
    standing = replace(OPEN, **changes)  # type: ignore[arg-type] # the names are those of the standing

    assert offered([standing], NOW) == ()
    assert reasons(standing) == [reason]


@pytest.mark.parametrize(
    ("changes", "known", "reason"),
    [
        ({"state": State.SCHEDULED, "launched": False, "arm": None}, HIGH, Hindrance.NOT_LAUNCHED),
        ({"arm": "holdout", "state": State.PAUSED}, HIGH, Hindrance.HOLDOUT),
        ({"state": State.LAUNCHING}, HIGH, Hindrance.NOT_ISSUED),
        ({"arm": None, "exclusion": Exclusion.OFFER_CAP}, HIGH, Exclusion.OFFER_CAP),
        ({"arm": None}, replace(HIGH, tier=None), Exclusion.NO_TIER),
        ({"arm": None}, replace(HIGH, tier=Tier.LOW), Exclusion.TIER_WITHOUT_OFFER),
        ({"arm": None, "rule": LOYAL}, replace(HIGH, facts=None), Hindrance.NOT_SCORED),
        ({"arm": None, "rule": LOYAL}, HIGH, Hindrance.OUTSIDE_RULE),
        ({"arm": None, "rule": LOYAL}, replace(HIGH, facts={"orders": 2}), Hindrance.AFTER_LAUNCH),
        ({"arm": None}, HIGH, Hindrance.AFTER_LAUNCH),
    ],
)
def test_who_has_no_code_is_told_why(changes: dict[str, object], known: Known, reason: Reason) -> None:
    standing = replace(OPEN, coupon=None, **changes)  # type: ignore[arg-type] # the names are those of the standing

    assert offered([standing], NOW) == ()
    assert reasons(standing, known) == [reason]


def test_more_is_said_where_there_is_more_to_say() -> None:
    outside = replace(OPEN, coupon=None, arm=None, rule=LOYAL)
    yen = replace(outside, currency="JPY", rule=to_data(Compare("spend", Operator.AT_LEAST, 5000)))
    stopped, early = replace(OPEN, stop="leaked"), replace(OPEN, start_time=NOW + timedelta(days=1))

    found = withheld([outside, stopped, early, yen], HIGH, NOW)

    assert [each.details for each in found] == [
        ("did not buy at least 2 times so far: it is 1 time",), ("leaked",), ("valid from 2026-11-21T12:00:00+00:00",),
        ("did not spend at least 50.00 GBP so far: it is 7.00 GBP",),
    ]  # fmt: skip


def test_what_is_held_for_the_order_is_offered_for_it_though_nothing_else_is_left() -> None:
    held = replace(OPEN, held_order="o1", used=Use(5, 500))

    assert [each.coupon for each in offered([held], NOW, order_id="o1")] == [COUPON]
    assert reasons(held, order_id="o1") == []
    assert reasons(held, order_id="o2") == [Hindrance.RESERVED]


def test_offers_stand_by_priority_and_name_those_they_do_not_go_with() -> None:
    def campaign(name: str, **stacking: object) -> Standing:
        coupon = replace(COUPON, code=name, campaign_id=CampaignId(name))
        terms = Stacking(**stacking)  # type: ignore[arg-type] # by name
        return replace(OPEN, campaign_id=CampaignId(name), stacking=terms, coupon=coupon)

    found = offered(
        [campaign("a"), campaign("b", group="sale"), campaign("c", group="sale", priority=3), campaign("d")], NOW
    )

    assert [(each.standing.campaign_id, each.not_with) for each in found] == [
        ("c", ("b",)), ("a", ()), ("b", ("c",)), ("d", ()),
    ]  # fmt: skip
    lonely = offered([campaign("a"), campaign("b", alone=True)], NOW)
    assert [each.not_with for each in lonely] == [("b",), ("a",)]
