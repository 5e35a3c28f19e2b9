"""A preview of a scheme says who would move, and that is who moves."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from made.campaigns import NOW, codes_of, launch_campaign, make_cause, make_plan, rescore, store_scores
from running.databases import filled_once
from sqlalchemy import text

from campaigns.life import campaigns
from campaigns.tiers import schemes, tier_preview
from campaigns.tiers.refusals import CustomersNotScored
from campaigns.tiers.standing import Reason
from campaigns.tiers.tier_preview import TierPreview
from campaigns.tiers.tier_words import because, kept_until
from campaigns.tiers.tiers import Hysteresis, Levels, Measure, Method, Tier
from database.session import Database
from database.tiers import standings
from database.tiers.previews import Cell, Holders

SPENDS = {"anna": 9000, "bert": 6000, "cleo": 5000, "dora": 1500, "emil": 900, "fred": 0}
"""By the scheme of the factories three are HIGH (5,000), one is MID (1,000), two are LOW."""
AT_ONCE = Hysteresis(margin=0, grace_days=0)


@filled_once
def shop(database: Database) -> None:
    store_scores(database, SPENDS)


def cell(before: str | None, after: str, customers: int, waiting: int, spend: int) -> Cell:
    """Of a preview of a scheme: the scores that are placed are the stored ones."""
    return Cell(before, after, customers, waiting, spend, spend)


def previewed(
    database: Database, high: float, mid: float, *, method: Method = Method.ABSOLUTE,
    hysteresis: Hysteresis = schemes.STEADY, measure: Measure = Measure.EXPECTED_VALUE, size: int = 10, seed: int = 0,
) -> TierPreview:  # fmt: skip
    levels = Levels(high=high, mid=mid)
    scheme = schemes.draft(measure=measure, method=method, parameters=levels, hysteresis=hysteresis, now=NOW)
    with database.reading() as snapshot:
        return tier_preview.preview(snapshot, scheme, now=NOW, size=size, seed=seed)


def test_the_matrix_counts_everyone_from_tier_to_tier(shop: Database) -> None:
    seen = previewed(shop, 6000, 400, hysteresis=AT_ONCE)

    assert seen.cells == [
        cell("HIGH", "HIGH", 2, 0, 15_000), cell("HIGH", "MID", 1, 0, 5_000), cell("MID", "MID", 1, 0, 1_500),
        cell("LOW", "MID", 1, 0, 900), cell("LOW", "LOW", 1, 0, 0),
    ]  # fmt: skip
    assert (seen.customer_count, seen.moved_count, seen.waiting_count) == (6, 2, 0)
    assert (seen.moved_spend_minor, seen.currency, seen.model_id, seen.as_of) == (5_900, "GBP", "m1", NOW)


def test_who_is_kept_for_the_grace_period_is_counted_where_they_settle_and_apart(shop: Database) -> None:
    seen = previewed(shop, 7000, 1000)

    assert seen.cells[:2] == [cell("HIGH", "HIGH", 1, 0, 9_000), cell("HIGH", "MID", 2, 2, 11_000)]
    assert (seen.moved_count, seen.waiting_count) == (2, 2)


def test_shares_become_the_thresholds_of_the_scores_that_there_are(shop: Database) -> None:
    seen = previewed(shop, 0.2, 0.4, method=Method.QUANTILE, hysteresis=AT_ONCE)

    assert seen.scheme.thresholds == Levels(high=9000, mid=5000)
    assert {(cell.from_tier, cell.to_tier): cell.customers for cell in seen.moving} == {
        ("HIGH", "MID"): 2, ("MID", "LOW"): 1
    }  # fmt: skip


def test_customers_without_a_tier_are_new_and_do_not_move(shop: Database) -> None:
    with shop.writing() as transaction:
        transaction.execute(text("UPDATE scores SET tier = NULL WHERE customer_id = 'dora'"))

    seen = previewed(shop, 5000, 1000)

    assert seen.cells[-1] == cell(None, "MID", 1, 0, 1_500)
    assert (seen.customer_count, seen.moved_count, seen.movers) == (6, 0, [])


@pytest.mark.parametrize("hysteresis", [AT_ONCE, schemes.STEADY])
@pytest.mark.parametrize("levels", [(6000, 400), (0, 0), (10_000, 10_000), (5100, 1600)])
def test_a_rescoring_does_what_the_preview_said(
    shop: Database, levels: tuple[float, float], hysteresis: Hysteresis
) -> None:
    seen = previewed(shop, *levels, hysteresis=hysteresis)
    with shop.writing() as transaction:
        made = schemes.create(
            transaction, make_cause(), measure=Measure.EXPECTED_VALUE, method=Method.ABSOLUTE,
            parameters=Levels(high=levels[0], mid=levels[1]), hysteresis=hysteresis,
        )  # fmt: skip
        schemes.activate(transaction, make_cause(), made.version)

    at_once = rescore(shop, SPENDS, as_of=NOW)
    settled = rescore(shop, SPENDS, as_of=NOW + timedelta(days=hysteresis.grace_days))

    assert at_once.response is not None
    assert at_once.response["moved_count"] == seen.moved_count - seen.waiting_count
    assert settled.response is not None
    assert settled.response["tiers"] == sizes(seen)
    with shop.reading() as snapshot:
        assert standings.sizes(snapshot) == sizes(seen)
    assert previewed(shop, *levels, hysteresis=hysteresis).moved_count == 0


def sizes(seen: TierPreview) -> Mapping[str, int]:
    """Where everybody settles."""
    found: dict[str, int] = {}
    for cell in seen.cells:
        found[cell.to_tier] = found.get(cell.to_tier, 0) + cell.customers
    return found


def test_movers_come_with_why(shop: Database) -> None:
    seen = previewed(shop, 6000, 800)

    told = {mover.customer_id: (mover.from_tier, mover.to_tier, because(mover, seen)) for mover in seen.movers}
    assert told == {
        "cleo": (Tier.HIGH, Tier.MID, "the expected spend of 50.00 GBP lies below 54.00 GBP, which keeps HIGH"),
        "emil": (Tier.LOW, Tier.MID, "the expected spend of 9.00 GBP reaches 8.00 GBP, where MID begins"),
    }
    assert {mover.customer_id: kept_until(mover, seen) for mover in seen.movers} == {
        "cleo": NOW + timedelta(days=14), "emil": None
    }  # fmt: skip


def test_a_probability_is_told_in_percent(shop: Database) -> None:
    seen = previewed(shop, 0.4, 0.2, measure=Measure.PURCHASE_90, hysteresis=AT_ONCE)

    (anna,) = [mover for mover in seen.movers if mover.customer_id == "anna"]
    assert anna.placement.reason is Reason.FALLEN
    assert because(anna, seen) == "the probability to buy of 30.0% lies below 40.0%, which keeps HIGH"


def test_some_of_each_kind_of_move_are_shown_and_a_seed_shows_the_same(shop: Database) -> None:
    seen = previewed(shop, 10_000, 800, hysteresis=AT_ONCE, size=2, seed=7)

    assert seen.moved_count == 4
    assert {(mover.from_tier, mover.to_tier) for mover in seen.movers} == {(Tier.HIGH, Tier.MID), (Tier.LOW, Tier.MID)}
    assert previewed(shop, 10_000, 800, hysteresis=AT_ONCE, size=2, seed=7).movers == seen.movers


def test_holders_of_live_coupons_are_compared_with_the_tier_of_their_coupon(shop: Database) -> None:
    launch_campaign(shop, make_plan())
    launch_campaign(shop, make_plan(), "over")
    launch_campaign(shop, make_plan(), "used")
    with shop.writing() as transaction:
        campaigns.end(transaction, make_cause(), "over")
        used = codes_of(shop, "used")["anna"]
        transaction.execute(text("UPDATE coupons SET state = 'REDEEMED' WHERE code = :code"), {"code": used})
        transaction.execute(text("UPDATE scores SET tier = 'MID' WHERE customer_id = 'bert'"))

    seen = previewed(shop, 8000, 1000)

    assert seen.holders == [Holders("spring", 3, 1, 0, 2), Holders("used", 2, 1, 0, 2)]
    with shop.reading() as snapshot:
        later = NOW + timedelta(days=31)
        scheme = seen.scheme
        assert tier_preview.preview(snapshot, scheme, now=later, size=0).holders == []


def test_without_scores_there_is_nothing_to_preview(database: Database) -> None:
    with pytest.raises(CustomersNotScored, match="ScoreAllCustomers"):
        previewed(database, 2, 1)
