"""Previews over the wire and on the command line say the same."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from made.campaigns import add_customers, audit_lines, counts, launch_campaign, make_plan, store_scores
from made.lessons import OF_OTHERS, teach
from running.serving import Shop, new_id, plan, refusal, serving
from running.shell import Shell
from tierwise.v1 import campaign_pb2, campaign_preview_pb2, campaign_service_pb2, tier_pb2

from campaigns.audiences.eligibility import Exclusion
from database.session import Database

CROWD = [f"c{number:02}" for number in range(40)]
MESSAGE = campaign_preview_pb2.CampaignPreview


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[Shop]:
    """Ten customers of tier HIGH and thirty of tier LOW, and a draft for the tier HIGH."""
    add_customers(database, CROWD)
    store_scores(database, {who: 10 if number % 4 else 9000 for number, who in enumerate(CROWD)})
    with serving(database, tmp_path, model=False) as running:
        request = campaign_service_pb2.CreateCampaignRequest(campaign_id="spring", campaign=plan(holdout_percent=20))
        running.campaigns.CreateCampaign(request)
        yield running


def ask(shop: Shop, **fields: object) -> campaign_preview_pb2.CampaignPreview:
    request = campaign_service_pb2.PreviewCampaignRequest(name="campaigns/spring", **fields)  # type: ignore[arg-type] # names of the message
    return shop.campaigns.PreviewCampaign(request)


def test_a_preview_says_whom_a_launch_would_reach_and_what_to_expect(shop: Shop) -> None:
    shown = ask(shop)

    assert (shown.campaign, shown.etag, shown.customer_count, shown.audience_count) == ("campaigns/spring", "1", 40, 10)
    assert [(fall.step, fall.count, fall.left) for fall in shown.falls] == [
        (MESSAGE.NO_TIER, 0, 40), (MESSAGE.TIER_WITHOUT_OFFER, 30, 10), (MESSAGE.NO_CONSENT, 0, 10),
    ]  # fmt: skip
    assert list(shown.reached) == [MESSAGE.Reached(tier=tier_pb2.HIGH, channel=campaign_pb2.ON_SITE, count=10)]
    assert [(group.name, group.expected_count) for group in shown.groups] == [("holdout", 2), ("offer", 8)]
    assert 0 == shown.total.redemptions.low < shown.total.redemptions.value < shown.total.redemptions.high
    assert shown.total.cost == shown.tiers[0].cost
    assert 0 < shown.liability.low < shown.liability.value < shown.liability.high
    assert (shown.HasField("largest_liability"), shown.over_budget_count, shown.own_codes_left_count) == (False, 0, 0)
    assert shown.tiers[0].basis.startswith("assumed: 0.3 redemptions for each buyer that the scores foretell")
    assert not shown.HasField("change")
    assert len(shown.examples) == 10
    assert all(each.HasField("discount") == (each.arm == "offer") for each in shown.examples)


def test_a_preview_says_what_a_past_campaign_taught(shop: Shop) -> None:
    teach(shop.database, "winter")

    change = ask(shop).change

    assert (change.campaign, change.learner, change.customer_count) == ("campaigns/winter", "X", 8)
    assert [change.low, change.expected, change.high] == pytest.approx([0, 8 * OF_OTHERS, 16 * OF_OTHERS])
    assert change.kept_by_top == pytest.approx(0.3)


def test_every_reason_to_be_kept_out_can_be_told(shop: Shop) -> None:
    change = campaign_service_pb2.UpdateCampaignRequest(
        campaign=campaign_pb2.Campaign(name="campaigns/spring", audience_limit=4)
    )
    shop.campaigns.UpdateCampaign(change)

    shown = ask(shop)

    assert {exclusion.value for exclusion in Exclusion} <= set(MESSAGE.Step.keys())
    assert (shown.falls[-1].step, shown.falls[-1].count, shown.audience_count) == (MESSAGE.AUDIENCE_FULL, 6, 4)


def test_a_preview_is_on_record_and_asked_twice_happens_once(shop: Shop) -> None:
    request_id = new_id()

    assert ask(shop, request_id=request_id) == ask(shop, request_id=request_id)

    lines = [line for line in audit_lines(shop.database) if line[1] == "campaigns/spring"]
    assert lines == [
        ("campaigns.create", "campaigns/spring", "OK"), ("campaigns.preview", "campaigns/spring", "DRY_RUN"),
    ]  # fmt: skip
    assert counts(shop.database, "audiences", "coupons", "requests") == (0, 0, 1)


def test_a_launched_campaign_has_results_instead(shop: Shop) -> None:
    launch_campaign(shop.database, make_plan(), "summer")

    with pytest.raises(grpc.RpcError) as raised:
        shop.campaigns.PreviewCampaign(campaign_service_pb2.PreviewCampaignRequest(name="campaigns/summer"))

    assert (refusal(raised.value).code, refusal(raised.value).reason) == ("FAILED_PRECONDITION", "CAMPAIGN_LAUNCHED")
    assert audit_lines(shop.database)[-1] == ("campaigns.preview", "campaigns/summer", "DENIED")


def test_the_command_prints_the_same(shop: Shop, database_url: str) -> None:
    shown = ask(shop, sample_size=3)

    printed = Shell(database_url)("campaign", "preview", "spring", "--examples", "3")

    assert printed["reached"] == [{"tier": "HIGH", "channel": "ON_SITE", "customers": 10}]
    assert [row["left"] for row in printed["from_all_customers_to_the_audience"]] == [40, 40, 10, 10]
    assert printed["forecast"][-1]["cost"] == round(shown.total.cost.value)
    assert [f"customers/{row['customer_id']}" for row in printed["examples"]] == [
        one.customer for one in shown.examples
    ]
    assert "no campaigns/summer" in Shell(database_url).refusal("campaign", "preview", "summer")
