"""Schedules of campaigns between the wire and us."""

from collections.abc import Iterable

from tierwise.v1 import campaign_pb2, campaign_service_pb2

from campaigns.terms.campaign import Campaign, CampaignId
from campaigns.terms.recurrence import Occurrence, Recurrence
from server.wire.stamps import stamp


def recurrence_message(recurrence: Recurrence | None) -> campaign_pb2.Recurrence | None:
    return None if recurrence is None else campaign_pb2.Recurrence(cron=recurrence.cron, days=recurrence.days)


def recurrence_value(message: campaign_pb2.Campaign) -> Recurrence | None:
    given = message.recurrence
    return Recurrence(cron=given.cron, days=given.days) if message.HasField("recurrence") else None


def series_name(campaign: Campaign) -> str:
    """The resource name of the series that a campaign is an occurrence of; empty for others."""
    return "" if campaign.series is None else f"campaigns/{campaign.series}"


def occurrences_message(
    found: Iterable[tuple[CampaignId, Occurrence]],
) -> campaign_service_pb2.PreviewScheduleResponse:
    return campaign_service_pb2.PreviewScheduleResponse(
        occurrences=[
            campaign_service_pb2.PreviewScheduleResponse.Occurrence(
                campaign=f"campaigns/{campaign_id}", start_time=stamp(each.start_time), end_time=stamp(each.end_time)
            )
            for campaign_id, each in found
        ]
    )
