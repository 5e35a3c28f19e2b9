"""How small an effect a campaign of this audience could show, and how large an audience an effect would take."""

from datetime import datetime

from campaigns.audiences import audience
from campaigns.experiments.assignment import HOLDOUT
from campaigns.experiments.refusals import InvalidExperiment
from campaigns.forecast.detecting import Sensitivity, sensitivities
from campaigns.forecast.foretelling import affordable_part, days_left
from campaigns.forecast.outlook import baselines, countable, spans
from campaigns.life import campaigns
from database.forecast import prospects
from database.models import scores
from database.session import Snapshot


def sensitivity(snapshot: Snapshot, campaign_id: str, now: datetime, *, lift: float) -> tuple[Sensitivity, ...]:
    """For a `lift` that is a part of the mean without the campaign, from the audience as things stand.

    Raises CampaignNotFound, InvalidExperiment where the lift is nothing or a group would be empty.
    """
    if not lift > 0:
        raise InvalidExperiment("a lift is more than nothing, such as 0.05", field="lift")
    campaign = campaigns.get(snapshot, campaign_id)
    days = days_left(campaign, now)
    found = prospects.sums(snapshot, prospects.planned(audience.targeting(campaign, now)), spans=spans(days))
    part = affordable_part(snapshot, campaign, found, now).drawn
    borne = [each.share(part) for each in found]
    reached = countable(campaign.plan, borne, scores.scored_currency(snapshot))
    count, design = sum(each.count for each in reached), campaign.plan.design
    shown = sensitivities(design, count, baselines(campaign.plan, reached, days), lift=lift)
    if not shown:
        raise InvalidExperiment(
            f"a comparison needs customers in both groups: of {count} {design.shares[HOLDOUT]:.0%} would be held out",
            field="holdout",
        )
    return shown
