"""Refusals about forecasts and previews."""

from campaigns.errors import NotFound, WrongState


class ForecastNotFound(NotFound):
    """Forecasts are kept when audiences are frozen."""

    reason = "FORECAST_NOT_FOUND"


class CampaignLaunched(WrongState):
    """A preview says what a launch would do."""

    reason = "CAMPAIGN_LAUNCHED"
