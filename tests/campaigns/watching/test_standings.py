"""How campaigns stand for whoever watches them, at once or as it was kept."""

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from made.campaigns import (
    add_customers,
    approve_campaign,
    create_campaign,
    launch_campaign,
    make_cause,
    make_plan,
    store_scores,
)
from running.databases import filled_once
from shops.watched_shop import LAUNCHED, PLAN, open_watched
from sqlalchemy import text

from campaigns.coupons import codes, reach, spending
from campaigns.life import campaigns, launch, switches
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Percent
from campaigns.tiers.tiers import Tier
from campaigns.watching import overview, readings
from database.coupons import counting, redemptions
from database.session import Database
from database.work import operations

NOW = LAUNCHED + timedelta(days=20)


@filled_once
def shop(database: Database) -> None:
    open_watched(database)


def spent(database: Database, now: datetime) -> spending.Spending:
    with database.reading() as snapshot:
        return spending.spending(snapshot, campaigns.get(snapshot, "spring"), now)


def test_the_pace_goes_from_the_start_to_the_end(shop: Database) -> None:
    with shop.reading() as snapshot:
        (standing,) = overview.live(snapshot, limit=5)

    assert (standing.used, standing.owner) == (32_080 / 60_000, "anna")
    gone = [standing.gone(LAUNCHED + timedelta(days=days)) for days in (-1, 0, 10, 40, 50)]
    assert gone == [0.0, 0.0, 0.25, 1.0, 1.0]
    assert standing.revenue is None


def test_what_was_kept_of_a_large_campaign_is_shown_with_its_time_until_it_is_counted(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = spent(shop, NOW)
    for name in ("AT_ONCE", "FEW"):
        monkeypatch.setattr(spending, name, 10)
    before = spent(shop, NOW)
    with shop.writing() as transaction:
        readings.take(transaction, "spring", NOW)
    later = NOW + timedelta(hours=3)
    kept = spent(shop, later)
    with shop.writing() as transaction:
        counting.count(transaction, "spring", later)
    fresh = spent(shop, later)

    assert (before.outstanding, before.course, before.used) == (None, [], now.used)
    assert now.outstanding is not None
    assert (now.outstanding.coupons, now.used.spent_minor, now.used.spent_count) == (163, 32_080, 40)
    assert now.course[-1][1] == 32_080
    assert (now.outstanding.most_minor, now.left_minor, now.most_minor) == (None, 27_920, 27_920)
    assert (before.most_minor, kept.most_minor) == (27_920, 27_920)
    assert kept.outstanding == now.outstanding
    assert fresh.outstanding is not None
    assert (fresh.outstanding.time, fresh.outstanding.coupons) == (later, 163)
    assert fresh.outstanding.expected_minor == pytest.approx(now.outstanding.expected_minor)
    assert [minor for _, minor in kept.course] == [32_080]


@pytest.mark.parametrize("zone", ["CET", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"])
def test_money_is_spent_on_the_day_that_the_calendar_of_the_zone_shows(shop: Database, zone: str) -> None:
    """In summer: PostgreSQL has no summer in CET, which people may choose."""
    with shop.writing() as transaction:
        nth = "row_number() OVER (ORDER BY code)"
        spread = (
            f"SELECT code, timestamptz '2026-06-30T12:07Z' + {nth} * interval '47 minutes' AS time FROM redemptions"
        )
        transaction.execute(
            text(f"UPDATE redemptions SET redeem_time = time FROM ({spread}) AS s WHERE s.code = redemptions.code")
        )
    with shop.reading() as snapshot:
        used = snapshot.execute(text("SELECT redeem_time, discount_minor - refunded_minor FROM redemptions")).all()
        found = redemptions.spent_by_day(snapshot, "spring", zone)

    expected = Counter[date]()
    for moment, minor in used:
        expected[moment.astimezone(ZoneInfo(zone)).date()] += minor
    assert found == sorted(expected.items())
    assert len(found) > 1


def test_hours_without_a_redemption_are_there_too(shop: Database) -> None:
    with shop.reading() as snapshot:
        campaign = campaigns.get(snapshot, "spring")
        hours = spending.by_hour(snapshot, campaign, LAUNCHED + timedelta(days=5, minutes=30))
        young = spending.by_hour(snapshot, campaign, LAUNCHED + timedelta(hours=3))
        old = spending.by_hour(snapshot, campaign, LAUNCHED + timedelta(days=30))

    assert (hours[0][0], hours[-1][0]) == (LAUNCHED, LAUNCHED + timedelta(days=5))
    assert (len(hours), len(young), len(old)) == (5 * 24 + 1, 12 + 1, 7 * 24 + 1)
    used = [(hour - LAUNCHED) / timedelta(hours=1) for hour, count in hours if count]
    assert used == [11 * number + 1 for number in range(11)]
    assert sum(count for _, count in hours) == 11


def test_the_funnel_says_who_was_kept_out(database: Database) -> None:
    add_customers(database, ["c1", "c2"], consented=["EMAIL"])
    add_customers(database, ["c3", "c4", "c5"])
    store_scores(database, dict.fromkeys(["c1", "c2", "c3", "c4", "c5"], 9000))
    mailed = Offer(tier=Tier.HIGH, discount=Discount(reward=Percent(percent=10)), channel=Channel.EMAIL)
    launch_campaign(database, make_plan(offers=(mailed,)))
    create_campaign(database, "draft")
    with database.reading() as snapshot:
        funnel = reach.funnel(snapshot, campaigns.get(snapshot, "spring"))
        none = reach.funnel(snapshot, campaigns.get(snapshot, "draft"))
        open_codes, hidden = (reach.page(snapshot, "spring", limit=2, with_codes=may) for may in (True, False))

    assert none is None
    assert funnel is not None
    assert (funnel.fitted, dict(funnel.excluded), funnel.audience, funnel.issued) == (5, {"NO_CONSENT": 3}, 2, 2)
    assert ([each.customer_id for each in open_codes.members], open_codes.last) == (["c1", "c2"], "")
    assert [each.code for each in hidden.members] == [codes.masked(each.code or "") for each in open_codes.members]
    assert all(each.code and each.code.startswith("••••") and len(each.code) == 7 for each in hidden.members)


def test_a_launch_that_gives_no_sign_of_life_needs_somebody(database: Database) -> None:
    store_scores(database, {"c1": 9000})
    create_campaign(database, start_time=LAUNCHED, end_time=PLAN.end_time)
    approve_campaign(database, now=LAUNCHED)
    with database.writing() as transaction:
        launch.launch(transaction, make_cause(LAUNCHED), "spring")

    def stuck(now: datetime) -> list[tuple[str, str]]:
        with database.reading() as snapshot:
            return [(each.campaign_id, each.state) for each in overview.alert(snapshot, now, approver=None).stuck]

    assert stuck(LAUNCHED + overview.SILENT) == []
    too_late = LAUNCHED + overview.SILENT + timedelta(seconds=1)
    with database.writing() as transaction:
        operations.revive(transaction, silent_since=LAUNCHED + timedelta(minutes=2), now=too_late)
    assert stuck(too_late) == [("spring", "RUNNING")]
    with database.writing() as transaction:
        switches.stop(transaction, make_cause(too_late, reason="restore"), "spring")
    assert stuck(too_late) == []
