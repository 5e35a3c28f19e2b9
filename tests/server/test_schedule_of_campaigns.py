"""Schedules and series over the wire and on the command line."""

from datetime import UTC, datetime

import grpc
import pytest
from made.campaigns import approve_campaign
from running.serving import Shop, plan, refusal
from running.shell import Shell
from tierwise.v1 import campaign_pb2, campaign_service_pb2

from database.session import Database
from server.wire.stamps import stamp

WEEKLY = campaign_pb2.Recurrence(cron="0 9 * * MON", days=3)
YEAR_END = {
    "start_time": stamp(datetime(2036, 3, 1, tzinfo=UTC)), "end_time": stamp(datetime(2036, 4, 15, tzinfo=UTC)),
    "time_zone": "Europe/London",
}  # fmt: skip


def create(shop: Shop, recurrence: campaign_pb2.Recurrence) -> campaign_pb2.Campaign:
    request = campaign_service_pb2.CreateCampaignRequest(
        campaign_id="weekly", campaign=plan(recurrence=recurrence, **YEAR_END)
    )
    return shop.campaigns.CreateCampaign(request)


def test_a_series_tells_its_occurrences_and_is_scheduled_for_the_first(shop: Shop) -> None:
    assert create(shop, WEEKLY).recurrence == WEEKLY
    asked = campaign_service_pb2.PreviewScheduleRequest(name="campaigns/weekly", count=5)
    told = shop.campaigns.PreviewSchedule(asked).occurrences
    assert [(each.campaign, each.start_time.ToDatetime(), each.end_time.ToDatetime()) for each in told][3:] == [
        ("campaigns/weekly-20360324", datetime(2036, 3, 24, 9), datetime(2036, 3, 27, 9)),  # noqa: DTZ001
        ("campaigns/weekly-20360331", datetime(2036, 3, 31, 8), datetime(2036, 4, 3, 8)),  # noqa: DTZ001
    ]
    approve_campaign(shop.database, "weekly")

    scheduled = shop.campaigns.ScheduleCampaign(campaign_service_pb2.ScheduleCampaignRequest(name="campaigns/weekly"))
    assert (scheduled.state, scheduled.due_time) == (campaign_pb2.Campaign.SCHEDULED, told[0].start_time)
    back = shop.campaigns.UnscheduleCampaign(campaign_service_pb2.UnscheduleCampaignRequest(name="campaigns/weekly"))
    assert (back.state, back.HasField("due_time")) == (campaign_pb2.Campaign.APPROVED, False)


def test_a_calendar_that_makes_no_sense_names_its_field(shop: Shop) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        create(shop, campaign_pb2.Recurrence(cron="*/5 * * * *", days=1))

    refused = refusal(raised.value)
    assert (refused.reason, refused.fields) == ("INVALID_CAMPAIGN", ["recurrence.cron"])


def test_the_command_line_plans_shows_and_schedules_a_series(database: Database, database_url: str) -> None:
    tierwise = Shell(database_url)
    tierwise(
        "campaign", "create", "weekly", "--name", "Weekly", "--offer", "HIGH:20%:ON_SITE", "--currency", "GBP",
        "--zone", "Europe/London", "--start", "2036-03-01T00:00", "--days", "45", "--repeat", "0 9 * * MON",
        "--repeat-days", "3",
    )  # fmt: skip

    coming = tierwise("campaign", "occurrences", "weekly", "--limit", "9")

    assert (len(coming), coming[4]) == (
        7,
        {"campaign_id": "weekly-20360331", "start": "2036-03-31T09:00:00+01:00", "end": "2036-04-03T09:00:00+01:00"},
    )
    tierwise("campaign", "submit", "weekly")
    tierwise("--as", "bo:approver", "campaign", "approve", "weekly")
    scheduled = tierwise("campaign", "schedule", "weekly")
    assert (scheduled["state"], scheduled["due"]) == ("SCHEDULED", "2036-03-03T09:00:00+00:00")
    assert tierwise("campaign", "unschedule", "weekly")["state"] == "APPROVED"
    assert "INVALID_CAMPAIGN" in tierwise.refusal(
        "campaign", "create", "often", "--name", "Often", "--offer", "HIGH:20%:ON_SITE", "--repeat", "* * * * *"
    )
    tierwise("campaign", "update", "weekly", "--start", "2036-01-01T00:00")
    assert tierwise("campaign", "show", "weekly")["end"] == "2036-02-15T00:00:00+00:00", (
        "as long by the clocks of London"
    )
