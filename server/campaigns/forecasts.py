"""Forecasts of campaigns beside what came, for the wire."""

from tierwise.v1 import campaign_forecast_pb2, campaign_preview_pb2, tier_pb2

from campaigns.forecast.forecasts import CampaignForecast, Line
from server.wire.stamps import stamp

MESSAGE = campaign_forecast_pb2.CampaignForecast


def forecast_message(found: CampaignForecast) -> campaign_forecast_pb2.CampaignForecast:
    return MESSAGE(
        campaign=found.campaign.name, lines=map(_line, found.lines),
        biases=[
            MESSAGE.Bias(quantity=MESSAGE.Quantity.Value(quantity), ratio=ratio)
            for quantity, ratio in found.bias.items()
        ],
        close_time=None if found.close_time is None else stamp(found.close_time), teaches=found.teaches,
    )  # fmt: skip


def _line(line: Line) -> campaign_forecast_pb2.CampaignForecast.Line:
    told = line.foretold
    return MESSAGE.Line(
        tier=tier_pb2.Tier.Value(line.tier), quantity=MESSAGE.Quantity.Value(line.quantity),
        foretold=campaign_preview_pb2.CampaignPreview.Prediction(value=told.value, low=told.low, high=told.high),
        actual=line.actual, actual_error=line.actual_error, held=line.held,
    )  # fmt: skip
