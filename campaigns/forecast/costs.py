"""What a campaign would cost beside its budget: expected, as the budget is reckoned, and at most.

Of a plan that is still being written it is told about, at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.audiences import audience, counting
from campaigns.budgets.budget import Affordable
from campaigns.experiments.forecast import Prediction
from campaigns.forecast.foretelling import affordable_part, days_left, foretold
from campaigns.forecast.outlook import spans
from campaigns.terms.campaign import Campaign
from campaigns.terms.limits import Budget
from database import planner
from database.audiences.eligibility import Drawn
from database.forecast import prospects
from database.session import Snapshot

LOOKED_AT = 5_000
"""Customers from whom an audience is estimated."""
SAMPLE = 1_000
"""Customers from whom the usual order is taken."""
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Money in minor units."""

    budget: Budget | None
    audience: int
    """Customers who would be reached or held out if the budget bore all of them."""
    affordable: Affordable
    """What it bears of them, reckoned as the launch does."""
    expected: Prediction
    """Of what it bears: by usual orders, and by how past campaigns came out."""
    sampled_share: float = 1.0
    """Of all customers; below 1 everything is about so much."""

    @property
    def over_budget(self) -> int:
        """About so many of them get no coupon and are in no group, because the budget does not bear it."""
        return round(self.audience * (1 - self.affordable.drawn))


def ahead(snapshot: Snapshot, campaign: Campaign, now: datetime) -> Costs:
    """For the plan as it is given, saved or not; its rule is one that `segments.problems_of` accepts."""
    targeting, days = audience.targeting(campaign, now), days_left(campaign, now)
    share = 1.0 if targeting.limit is not None else min(1.0, LOOKED_AT / max(counting.about(snapshot, None).count, 1))
    if share < 1:
        targeting = replace(targeting, drawn=Drawn(share, SEED, by_page=True))
        planner.by_index(snapshot)
    members = prospects.planned(targeting)
    found = prospects.sums(snapshot, members, spans=spans(days)) if targeting.ways else []
    whole = [each.share(1 / share) for each in found]
    drawn = prospects.drawn(snapshot, members, size=SAMPLE, seed=SEED) if found else []
    part = affordable_part(snapshot, campaign, whole, now)
    outlook = foretold(snapshot, campaign, [each.share(part.drawn) for each in whole], drawn, days=days)
    return Costs(
        budget=campaign.plan.budget, audience=sum(each.count for each in whole if each.exclusion is None),
        affordable=part, expected=outlook.forecast.total.discounts, sampled_share=share,
    )  # fmt: skip
