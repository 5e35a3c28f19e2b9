"""Forecast beside actual over the wire and on the command line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from made.campaigns import launch_campaign, make_cause, make_plan, store_scores
from made.ticks import tick_at
from running.serving import Shop, refusal, serving
from running.shell import Shell
from tierwise.v1 import campaign_forecast_pb2, campaign_service_pb2, tier_pb2

from campaigns.life import drafts
from database.session import Database
from worker.clock.schedule import close_forecasts, end_campaigns

CROWD = [f"c{number:02}" for number in range(40)]
PLAN = make_plan(holdout_percent=20)
MESSAGE = campaign_forecast_pb2.CampaignForecast


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    store_scores(database, dict.fromkeys(CROWD, 9000))
    launch_campaign(database, PLAN)
    with serving(database, tmp_path, model=False) as running:
        yield running


def ask(shop: Shop, name: str = "campaigns/spring") -> campaign_forecast_pb2.CampaignForecast:
    return shop.campaigns.GetCampaignForecast(campaign_service_pb2.GetCampaignForecastRequest(name=name))


def test_a_forecast_is_told_before_and_after_what_came(shop: Shop, database_url: str) -> None:
    before = ask(shop)
    end_campaigns(shop.database, PLAN.end_time)
    close_forecasts(tick_at(shop.database, PLAN.end_time + timedelta(days=9)))
    after = ask(shop)

    assert [(line.tier, line.quantity) for line in before.lines] == [
        (tier_pb2.HIGH, MESSAGE.REDEMPTIONS), (tier_pb2.HIGH, MESSAGE.DISCOUNTS), (tier_pb2.HIGH, MESSAGE.REVENUE),
    ]  # fmt: skip
    assert not any(line.HasField("actual") or line.HasField("held") for line in before.lines)
    assert (before.HasField("close_time"), before.teaches) == (False, False)
    redeemed = after.lines[0]
    assert (redeemed.foretold, redeemed.actual, after.teaches) == (before.lines[0].foretold, 0, True)
    assert after.close_time.ToDatetime(UTC) == PLAN.end_time + timedelta(days=9)
    printed = Shell(database_url)("campaign", "forecast", "spring")
    assert [row["quantity"] for row in printed["lines"]] == ["REDEMPTIONS", "DISCOUNTS", "REVENUE"]
    assert (printed["teaches_the_next"], printed["lines"][0]["actual"]) == (True, 0)


def test_a_draft_has_no_forecast_yet(shop: Shop, database_url: str) -> None:
    with shop.database.writing() as transaction:
        drafts.create(transaction, make_cause(datetime.now(UTC)), "next", PLAN)

    with pytest.raises(grpc.RpcError) as raised:
        ask(shop, "campaigns/next")

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("NOT_FOUND", "FORECAST_NOT_FOUND")
    assert "FORECAST_NOT_FOUND" in Shell(database_url).refusal("campaign", "forecast", "next")
