"""What views say is what the engine says: two ways to the same figure, on a shop whose figures are known."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from made.campaigns import audit_lines, make_cause, stored_scores
from shops.reporting_shop import LATER, ask, keep_fresh
from sqlalchemy import text

from campaigns.coupons import blocking, budgeting, deliveries
from campaigns.experiments.effect import Interval
from campaigns.experiments.results import Metric
from campaigns.forecast import forecasts
from campaigns.life import campaigns
from campaigns.results import measuring
from database.coupons import reconciliation as figures
from database.session import Database
from database.tiers import standings

MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)


def test_redemptions_and_discounts_of_arms(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        found = measuring.results(snapshot, "spring", LATER)

    shown = ask(
        reported_url,
        """SELECT arm, sum(redeemed_count), sum(discount_minor), sum(refunded_minor) FROM reporting.campaign_performance
        WHERE campaign_id = 'spring' GROUP BY arm ORDER BY arm""",
    )

    assert [(arm, used, discount) for arm, used, discount, _ in shown] == [
        (arm.name, arm.redeemed_count, arm.discount_minor) for arm in sorted(found.arms, key=lambda arm: arm.name)
    ]
    assert shown == [("mild", 4, 4 * 500, 0), ("strong", 8, 8 * 1000 - 400, 400)]


def test_results_of_every_arm_and_metric(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        found = measuring.results(snapshot, "spring", MIDNIGHT)
    groups = {"ALL": (found.results.overall, found.decision)} | {
        arm.name: (arm.effects, arm.decision) for arm in found.arms
    }

    shown = ask(
        reported_url,
        """SELECT arm, metric, customers, holdout_customers, mean, holdout_mean, difference, difference_low,
          difference_high, total, total_low, total_high, lift, p_value, verdict, mismatch
        FROM reporting.experiment_results WHERE latest ORDER BY arm, metric""",
    )

    def ends(interval: Interval) -> tuple[float | None, ...]:
        return tuple(end if math.isfinite(end) else None for end in (interval.low, interval.high))

    expected = [
        (
            arm, metric.value, effect.customers, effect.holdout_customers, effect.mean, effect.holdout_mean,
            effect.difference, *ends(effect.any_time.difference), effect.total, *ends(effect.any_time.total),
            effect.lift, effect.any_time.p_value,
            decision.verdict.value, found.results.sample_ratio.mismatch,
        )
        for arm, (effects, decision) in groups.items()
        for metric, effect in effects.items()
    ]  # fmt: skip
    assert {row[:2] for row in shown} == {
        (arm, metric) for arm in ("ALL", "mild", "strong") for metric in Metric if metric is not Metric.COST
    }
    assert shown == sorted(expected)


def test_messages_of_a_campaign_and_what_became_of_them(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        found = deliveries.deliveries(snapshot, campaigns.get(snapshot, "spring"))

    shown = ask(
        reported_url,
        """SELECT channel, state, count(*) FROM reporting.deliveries WHERE campaign_id = 'spring'
        GROUP BY channel, state ORDER BY channel, state""",
    )

    assert shown == [
        (each.channel, fate, count) for each in found.channels for fate, count in sorted(each.fates.items()) if count
    ]
    assert shown == [("EMAIL", "HANDED_OVER", 38), ("EMAIL", "REFUSED", 2)]


def test_what_campaigns_may_use_and_have(reported: Database, reported_url: str) -> None:
    now = datetime.now(UTC)
    with reported.reading() as snapshot:
        used = {name: budgeting.standing(snapshot, name, now).used for name in ("paris", "spring")}

    shown = ask(
        reported_url,
        """SELECT campaign_id, reserved_count, reserved_minor, redeemed_count, spent_minor, left_minor, currency
        FROM reporting.budgets ORDER BY campaign_id""",
    )

    assert [row[:5] for row in shown] == [(name, *amounts) for name, amounts in used.items()]
    assert [row[5:] for row in shown] == [(None, "EUR"), (2_000_000 - 9_600, "GBP")]
    counted = ask(
        reported_url, "SELECT campaign_id, redeemed_count, discount_minor FROM reporting.campaigns ORDER BY 1"
    )
    assert counted == [("paris", 6, 3_000), ("spring", 12, 9_600), ("winter", 0, 0)]


def test_expected_orders_are_those_of_the_stored_scores(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        stored = [each.expected_orders for each in stored_scores(snapshot)]

    shown = ask(reported_url, "SELECT expected_orders FROM reporting.scores")
    means = ask(reported_url, "SELECT expected_orders FROM reporting.tiers")

    assert [value for (value,) in shown] == stored == [0.6] * len(stored)
    assert [value for (value,) in means] == pytest.approx([0.6] * 3)


def test_liability_is_that_of_the_engine(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        found = {name: budgeting.standing(snapshot, name, LATER) for name in ("paris", "spring")}

    shown = ask(
        reported_url,
        """SELECT campaign_id, outstanding_count, expected_minor, deviation_minor, most_minor, used_minor, overspend,
          as_of FROM reporting.liability ORDER BY campaign_id""",
    )

    for row, (name, standing) in zip(shown, found.items(), strict=True):
        owed, coupons = standing.liability, sum(each.group.coupons for each in standing.committed)
        assert (*row[:2], *row[4:6], row[7]) == (name, coupons, owed.most_minor, standing.used.used_minor, LATER)
        # Added up in another order.
        assert row[2:4] == pytest.approx((owed.expected_minor, owed.deviation_minor))
        assert row[6] == (None if standing.overspend is None else pytest.approx(standing.overspend))


def test_every_figure_of_the_reconciliation(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        truth = {
            (figure.campaign_id, figure.name): figure.truth for figure in figures.figures(snapshot, after="", limit=10)
        }

    shown = ask(
        reported_url,
        """SELECT campaign_id, sum(issued_count), sum(redeemed_count), sum(discount_minor),
          sum(held_count + redeemed_count + open_count + expired_count)
        FROM reporting.coupon_funnel GROUP BY campaign_id ORDER BY campaign_id""",
    )

    for campaign_id, issued, redeemed, discount, accounted in shown:
        assert issued == accounted == truth[campaign_id, "coupons issued"]
        assert redeemed == truth[campaign_id, "redemptions that count"]
        assert discount == truth[campaign_id, "money of redemptions less refunds"]
    assert len(shown) == 2
    compared = ask(
        reported_url, "SELECT campaign_id, differences FROM reporting.reconciliations WHERE latest ORDER BY 1"
    )
    assert compared == [("paris", 0), ("spring", 0), ("winter", 0)]


def test_coupons_that_are_blocked_or_of_a_campaign_that_was_ended_early_are_open_no_more(
    shop_of_reports: Database, shop_url: str
) -> None:
    query = "SELECT sum(open_count), sum(held_count), sum(expired_count) FROM reporting.coupon_funnel"
    before = ask(shop_url, f"{query} WHERE campaign_id = 'paris'")
    ((still_open, held, over),) = before
    with shop_of_reports.writing() as transaction:
        free = text(
            "SELECT min(code) FROM coupons WHERE campaign_id = 'paris' AND state = 'ISSUED' AND code NOT IN "
            "(SELECT code FROM reservations)"
        )
        blocking.block(transaction, make_cause(LATER), transaction.scalar(free))
    keep_fresh(shop_of_reports, LATER + timedelta(hours=1))
    assert ask(shop_url, f"{query} WHERE campaign_id = 'paris'") == [(still_open - 1, held, over + 1)]
    with shop_of_reports.writing() as transaction:
        campaigns.end(transaction, make_cause(LATER), "paris")

    keep_fresh(shop_of_reports, LATER + timedelta(hours=2))

    with shop_of_reports.reading() as snapshot:
        assert budgeting.standing(snapshot, "paris", LATER).committed == ()
    assert ask(shop_url, f"{query} WHERE campaign_id = 'paris'") == [(0, held, still_open + over)]


def test_audiences_and_issued_coupons(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        spring = campaigns.get(snapshot, "spring")

    shown = ask(
        reported_url,
        """SELECT sum(issued_count), sum(customers) FILTER (WHERE arm = 'holdout') FROM reporting.coupon_funnel
        WHERE campaign_id = 'spring'""",
    )

    assert shown == [(spring.issued_count, spring.held_out_count)]


def test_tiers_have_as_many_customers_as_the_engine_counts(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        sizes = standings.sizes(snapshot)

    assert dict(ask(reported_url, "SELECT tier, customers FROM reporting.tiers")) == sizes


def test_forecasts_are_those_of_the_engine(reported: Database, reported_url: str) -> None:
    with reported.reading() as snapshot:
        told = forecasts.get(snapshot, "spring").lines

    shown = ask(
        reported_url,
        """SELECT tier, quantity, foretold, foretold_low, foretold_high FROM reporting.forecasts
        WHERE campaign_id = 'spring'""",
    )

    assert sorted(shown) == sorted(
        (line.tier.value, line.quantity.value, line.foretold.value, line.foretold.low, line.foretold.high)
        for line in told
    )


def test_the_audit_log_has_every_line_in_order(reported: Database, reported_url: str) -> None:
    shown = ask(reported_url, "SELECT action, outcome FROM reporting.audit ORDER BY audit_id")

    assert shown == [(action, outcome) for action, _, outcome in audit_lines(reported)]


def test_what_the_model_was_worth(reported_url: str) -> None:
    """Forty of 120 bought within thirty days, sixty within sixty and ninety; foretold were 0.1, 0.2 and 0.3 of each."""
    shown = ask(
        reported_url,
        """SELECT horizon_days, customers, predicted, observed, brier_score, calibration_error
        FROM reporting.model_quality ORDER BY horizon_days""",
    )

    assert [row[:2] for row in shown] == [(30, 120), (60, 120), (90, 120)]
    for (_, _, predicted, observed, brier, error), (chance, share) in zip(
        shown, [(0.1, 1 / 3), (0.2, 0.5), (0.3, 0.5)], strict=True
    ):
        assert predicted == pytest.approx(chance)
        assert observed == pytest.approx(share)
        assert brier == pytest.approx(share * (1 - chance) ** 2 + (1 - share) * chance**2)
        assert error == pytest.approx(share - chance)


def test_scores_are_read_once_however_many_models_there_are(reported_url: str) -> None:
    shown = ask(reported_url, "SELECT model_id, scored_customers FROM reporting.models")
    plan = ask(reported_url, "EXPLAIN SELECT * FROM reporting.models")

    assert shown == [("m1", 120)]
    assert [line for (line,) in plan if "SubPlan" in line] == []
