"""Results of campaigns over the wire and on the command line."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from made.campaigns import launch_campaign, make_cause, make_plan, store_scores
from running.serving import Shop, pounds, purchase, recording, refusal, serving
from running.shell import Shell
from sqlalchemy import update
from tierwise.v1 import campaign_results_pb2, campaign_service_pb2

from campaigns.experiments.assignment import HOLDOUT, group_of
from campaigns.life import campaigns, drafts
from database.session import Database
from database.terms.tables import CampaignRow

CROWD = [f"c{number:02}" for number in range(40)]
NOW = datetime.now(UTC)
PLAN = make_plan(holdout_percent=50, start_time=NOW - timedelta(days=1), end_time=NOW + timedelta(days=30))
MESSAGE = campaign_results_pb2.CampaignResults


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """A campaign launched yesterday to forty customers, half of them held out."""
    store_scores(database, dict.fromkeys(CROWD, 9000))
    launch_campaign(database, PLAN)
    with database.writing() as transaction:
        transaction.execute(update(CampaignRow).values(launch_time=PLAN.start_time))
    with serving(database, tmp_path, model=False) as running:
        yield running


def arm(who: str) -> str:
    return group_of(PLAN.design, campaign_id="spring", customer_id=who)


def ask(shop: Shop, name: str = "campaigns/spring") -> campaign_results_pb2.CampaignResults:
    return shop.campaigns.GetCampaignResults(campaign_service_pb2.GetCampaignResultsRequest(name=name))


def test_results_say_what_both_groups_did(shop: Shop, database_url: str) -> None:
    held_out = [who for who in CROWD if arm(who) == HOLDOUT]
    offered = [who for who in CROWD if arm(who) != HOLDOUT]
    for who in (*offered[:5], held_out[0]):
        shop.customers.BatchCreateEvents(recording(who, [purchase(0)]))

    found = ask(shop)

    conversion, revenue = found.effects
    assert (found.campaign, found.offered_count, found.held_out_count) == (
        "campaigns/spring", len(offered), len(held_out),
    )  # fmt: skip
    assert (conversion.metric, revenue.metric) == (MESSAGE.CONVERSION, MESSAGE.REVENUE)
    assert (conversion.mean, conversion.holdout_mean) == (5 / len(offered), 1 / len(held_out))
    assert (revenue.mean, revenue.holdout_mean) == (5000 / len(offered), 1000 / len(held_out))
    assert revenue.difference == pytest.approx(5000 / len(offered) - 1000 / len(held_out))
    assert (revenue.difference_interval.low, revenue.single_look_interval.high) == (-math.inf, math.inf)
    assert (found.verdict, found.discounted) == (MESSAGE.KEEP_RUNNING, pounds(0))
    assert "Too few customers bought" in found.reasons[0]
    (only,) = found.arms
    assert (only.name, only.customer_count, list(only.effects)) == ("offer", len(offered), list(found.effects))
    assert (only.verdict, list(only.reasons), list(only.against_first)) == (found.verdict, list(found.reasons), [])
    assert [(group.name, group.count, group.expected) for group in found.sample_ratio.groups] == [
        ("holdout", len(held_out), 20.0), ("offer", len(offered), 20.0),
    ]  # fmt: skip
    assert not found.sample_ratio.mismatch
    printed = Shell(database_url)("campaign", "results", "spring")
    assert (printed["verdict"], printed["customers"]) == (
        "KEEP_RUNNING", {"holdout": len(held_out), "offer": len(offered)},
    )  # fmt: skip
    assert [row["offered"] for row in printed["effects"]] == [conversion.mean, revenue.mean]
    with shop.database.writing() as transaction:
        campaigns.end(transaction, make_cause(), "spring")
    ended = ask(shop)
    assert (ended.verdict, ended.reasons[0]) == (MESSAGE.INCONCLUSIVE, "It did not run until its planned end.")


def test_a_full_view_says_how_each_day_stood(shop: Shop, database_url: str) -> None:
    for who in CROWD[:9]:
        shop.customers.BatchCreateEvents(recording(who, [purchase(0)]))
    request = campaign_service_pb2.GetCampaignResultsRequest(name="campaigns/spring", view=MESSAGE.FULL)

    found = shop.campaigns.GetCampaignResults(request)

    last = found.days[-1]
    assert (len(found.days), len(ask(shop).days)) == (2, 0)
    assert last.end_time == found.end_time
    assert [(point.arm, point.metric) for point in last.points] == [
        (arm, metric) for arm in ("", "offer") for metric in (MESSAGE.CONVERSION, MESSAGE.REVENUE)
    ]
    assert [(point.difference, point.difference_interval, point.p_value) for point in last.points[:2]] == [
        (effect.difference, effect.difference_interval, effect.p_value) for effect in found.effects
    ]
    printed = Shell(database_url)("campaign", "results", "spring", "--daily")
    assert [row["difference"] for row in printed["days"][-4:-2]] == [point.difference for point in last.points[:2]]
    assert printed["effects"][0]["variance_left"] == found.effects[0].variance_left


def test_a_campaign_without_holdout_has_nothing_to_compare(shop: Shop, database_url: str) -> None:
    launch_campaign(shop.database, make_plan(start_time=PLAN.start_time, end_time=PLAN.end_time), "all")

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "campaigns/all")

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("FAILED_PRECONDITION", "NOTHING_TO_COMPARE")
    assert "held nobody out" in Shell(database_url).refusal("campaign", "results", "all")


def test_before_the_launch_power_says_what_could_be_shown(shop: Shop, database_url: str) -> None:
    with shop.database.writing() as transaction:
        drafts.create(transaction, make_cause(NOW), "next", PLAN)
    tierwise = Shell(database_url)

    conversion, revenue = tierwise("campaign", "power", "next", "--lift", "50")
    smaller, _ = tierwise("campaign", "power", "next", "--lift", "5")

    assert (conversion["arm"], conversion["metric"], conversion["held_out"]) == ("offer", "CONVERSION", 20)
    assert 0 < smaller["chance_to_find_it"] < conversion["chance_to_find_it"] < 0.8
    assert smaller["customers_needed"] == pytest.approx(100 * conversion["customers_needed"], rel=1e-3)
    assert conversion["customers_needed"] > 40
    assert revenue["metric"] == "REVENUE"
    asked = campaign_service_pb2.PreviewCampaignRequest(name="campaigns/next", lift=0.5)
    told, _ = shop.campaigns.PreviewCampaign(asked).detectable
    assert told.chance == pytest.approx(conversion["chance_to_find_it"], rel=1e-3)
    assert told.customers_needed == pytest.approx(conversion["customers_needed"], rel=1e-3)
    assert "INVALID_EXPERIMENT" in tierwise.refusal("campaign", "power", "next", "--lift", "0")
