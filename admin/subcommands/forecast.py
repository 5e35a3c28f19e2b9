"""`tierwise campaign forecast`: what a campaign was foretold to do, and what it did."""

from admin.shell.database_address import DatabaseUrl
from admin.shell.output import AsJson, emit
from admin.shell.transactions import reading
from admin.subcommands.named import CampaignIdArgument
from admin.typed.times import written
from campaigns.forecast import forecasts
from campaigns.forecast.forecasts import CampaignForecast, Line


def forecast(
    campaign_id: CampaignIdArgument,
    *,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare what was foretold at the launch with what came, which is measured eight days after the end."""
    with reading(database_url) as snapshot:
        found = forecasts.get(snapshot, campaign_id)
    summary, lines = _summary(found), [_line(line) for line in found.lines]
    if as_json:
        emit({**summary, "lines": lines}, as_json=True)
        return
    emit(summary, as_json=False, title=found.campaign.name)
    emit(lines, as_json=False, title="foretold with 80 % intervals; money in minor units")


def _summary(found: CampaignForecast) -> dict[str, object]:
    return {
        "closed": written(found.close_time),
        "teaches_the_next": found.teaches,
        "actual_over_foretold": {quantity.value: ratio for quantity, ratio in found.bias.items()},
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "tier": line.tier,
        "quantity": line.quantity,
        "foretold": line.foretold.value,
        "low": line.foretold.low,
        "high": line.foretold.high,
        "actual": line.actual,
        "error": line.actual_error,
        "held": line.held,
    }
