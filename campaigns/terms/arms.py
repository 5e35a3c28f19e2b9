"""The arms of a campaign: its discounts in variants, tried against each other and against the holdout. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from campaigns.experiments.assignment import HOLDOUT, Arm
from campaigns.terms.discount import Discount, check_discount
from campaigns.terms.refusals import InvalidCampaign
from campaigns.tiers.tiers import Tier

OFFER_ARM = "offer"
"""The arm of a campaign that plans none: everyone who is not held out gets what the plan offers to their tier."""
ARM_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
MOST_ARMS = 10
LARGEST_WEIGHT = 1000


class TierDiscount(NamedTuple):
    """What a tier saves in one arm."""

    tier: Tier
    discount: Discount


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """One variant. Channels are the plan's in every arm, so that consent takes out the same customers everywhere."""

    name: str
    weight: int = 1
    """Its part of the customers who are not held out, relative to the other arms."""
    discounts: tuple[TierDiscount, ...] = ()
    """Instead of the plan's, highest tier first; a tier without one keeps the plan's."""


def arms_of(planned: Sequence[ArmPlan]) -> tuple[Arm, ...]:
    """As the experiment draws them; without a plan one for all."""
    return tuple(Arm(name=arm.name, weight=arm.weight) for arm in planned) or (Arm(name=OFFER_ARM),)


def check_arms(planned: Sequence[ArmPlan], offered: Collection[Tier]) -> None:
    """Raises InvalidCampaign for the first arm that makes no sense beside the offered tiers."""
    names = [arm.name for arm in planned]
    if len(names) > MOST_ARMS or len(set(names)) != len(names):
        raise InvalidCampaign(f"a campaign has at most {MOST_ARMS} arms, each with a name of its own", field="arms")
    for place, arm in enumerate(planned):
        _check_arm(arm, offered, field=f"arms[{place}]")


def _check_arm(arm: ArmPlan, offered: Collection[Tier], *, field: str) -> None:
    tiers = [each.tier for each in arm.discounts]
    problems = {
        "name": f"{arm.name!r} names no arm: a lower-case letter, then letters, digits and hyphens, at most 32; not "
        f"{HOLDOUT!r}, the group that gets nothing" * (not ARM_NAME.fullmatch(arm.name) or arm.name == HOLDOUT),
        "weight": f"a weight is 1 to {LARGEST_WEIGHT}" * (not 1 <= arm.weight <= LARGEST_WEIGHT),
        "discounts": "each tier has at most one discount in an arm" * (len(set(tiers)) != len(tiers)),
    }
    for name, problem in problems.items():
        if problem:
            raise InvalidCampaign(problem, field=f"{field}.{name}")
    for tier, discount in arm.discounts:
        if tier not in offered:
            raise InvalidCampaign(f"the plan offers nothing to {tier}: an arm can only change a discount", field=field)
        check_discount(discount, field=f"{field}.discounts[{tier}]")
