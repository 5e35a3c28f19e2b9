"""Results of campaigns over the wire and on the command line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from campaign_factories import add_customers, launch_campaign, make_plan, store_scores
from serving import Shop, pounds, purchase, recording, refusal, serving
from shell import Shell
from sqlalchemy import update
from tierwise.v1 import campaign_results_pb2, campaign_service_pb2

from campaigns.experiments.assignment import HOLDOUT, group_of
from database.session import Database
from database.tables import CampaignRow

CROWD = [f"c{number:02}" for number in range(40)]
NOW = datetime.now(UTC)
PLAN = make_plan(holdout_percent=50, start_time=NOW - timedelta(days=1), end_time=NOW + timedelta(days=30))
MESSAGE = campaign_results_pb2.CampaignResults


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """A campaign launched yesterday to forty customers, half of them held out."""
    add_customers(database, CROWD)
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
    assert revenue.difference_interval.low < revenue.single_look_interval.low < revenue.difference
    assert (found.verdict, found.discounted) == (MESSAGE.KEEP_RUNNING, pounds(0))
    assert "Too few customers bought" in found.reasons[0]
    printed = Shell(database_url)("campaign", "results", "spring")
    assert (printed["verdict"], printed["customers"]) == (
        "KEEP_RUNNING", {"holdout": len(held_out), "offer": len(offered)},
    )  # fmt: skip
    assert [row["offered"] for row in printed["effects"]] == [conversion.mean, revenue.mean]


def test_a_campaign_without_holdout_has_nothing_to_compare(shop: Shop, database_url: str) -> None:
    launch_campaign(shop.database, make_plan(start_time=PLAN.start_time, end_time=PLAN.end_time), "all")

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "campaigns/all")

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("INVALID_ARGUMENT", "INVALID_EXPERIMENT")
    assert "held nobody out" in Shell(database_url).refusal("campaign", "results", "all")
