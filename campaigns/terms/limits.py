"""What a campaign may use: redemptions, and money off orders. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

from campaigns.terms.refusals import InvalidCampaign
from events.currency import LARGEST_MINOR

USUAL_CONFIDENCE = 0.95
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.5, 0.9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Money that coupons may take off orders, in the campaign's currency."""

    limit_minor: int
    """Never exceeded: a redemption that would is refused."""
    confidence: float = USUAL_CONFIDENCE
    """Issuing stops before that would become less certain than this."""


class Use(NamedTuple):
    """Of what a campaign may use: redemptions and money."""

    redemptions: int
    minor: int


def check_budget(budget: Budget) -> None:
    """Raises InvalidCampaign for a budget that makes no sense."""
    if budget.limit_minor < 1:
        raise InvalidCampaign("a budget is more than nothing, or absent", field="budget.limit")
    if budget.limit_minor > LARGEST_MINOR:
        raise InvalidCampaign(f"a budget is at most {LARGEST_MINOR:,} minor units", field="budget.limit")
    if not LEAST_CONFIDENCE <= budget.confidence <= MOST_CONFIDENCE:
        raise InvalidCampaign(
            f"a confidence is {LEAST_CONFIDENCE} to {MOST_CONFIDENCE}, such as {USUAL_CONFIDENCE}",
            field="budget.confidence",
        )
