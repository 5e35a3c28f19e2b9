"""Variants of a campaign's discounts as rows: a name, a weight, and another share for some of the tiers. Pure.

Fields are named `arm.0.name`, `arm.0.weight`, `arm.0.HIGH`. Arms that change more than shares are not shown so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from admin.web.forms.typed import Fault, Fields, Mistyped, first, whole_of
from campaigns.terms.arms import MOST_ARMS, ArmPlan, TierDiscount
from campaigns.terms.campaign import CampaignPlan, Offer
from campaigns.terms.discount import Discount, Percent

SPARE = 2
"""Empty rows: a variant alone is compared with nothing."""
REFUSED = re.compile(r"arms\[(\d+)\](?:\.(name|weight))?(?:\.discounts\[(\w+)\].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The arms of a form, and what stands in their way by field."""

    arms: tuple[ArmPlan, ...]
    faults: Mapping[str, Fault]


def showable(plan: CampaignPlan) -> bool:
    """Whether rows say all that the arms of a plan change."""
    return read(shown(plan.arms), plan.offers).arms == plan.arms


def shown(arms: Sequence[ArmPlan]) -> dict[str, list[str]]:
    """The fields of a form that `read` reads back as the same arms, where they are showable."""
    fields: dict[str, list[str]] = {}
    for place, arm in enumerate(arms):
        fields |= {f"arm.{place}.name": [arm.name], f"arm.{place}.weight": [str(arm.weight)]}
        fields |= {
            f"arm.{place}.{tier}": [str(discount.reward.percent)]
            for tier, discount in arm.discounts
            if isinstance(discount.reward, Percent)
        }
    return fields


def read(fields: Fields, offers: Sequence[Offer]) -> Read:
    """In the order of the rows; a row without a name is none."""
    faults: dict[str, Fault] = {}

    def number(name: str) -> int | None:
        text = first(fields, name)
        try:
            return whole_of(text) if text else None
        except Mistyped as error:
            faults[name] = error.fault
            return None

    arms = []
    for place in range(MOST_ARMS):
        name, weight = first(fields, f"arm.{place}.name"), number(f"arm.{place}.weight")
        shares = [(offer, number(f"arm.{place}.{offer.tier}")) for offer in offers]
        changed = [(offer, share) for offer, share in shares if share is not None]
        if changed and not name:
            faults[f"arm.{place}.name"] = Fault.EMPTY
        if name:
            discounts = tuple(TierDiscount(offer.tier, _sharing(offer.discount, share)) for offer, share in changed)
            arms.append(ArmPlan(name=name, weight=1 if weight is None else weight, discounts=discounts))
    return Read(arms=() if faults else tuple(arms), faults=faults)


def rows_of(fields: Fields) -> int:
    """Rows that the form has, with spare ones."""
    used = [place for place in range(MOST_ARMS) if first(fields, f"arm.{place}.name")]
    return min(max(used, default=-1) + 1 + SPARE, MOST_ARMS)


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names: arms[0].weight is arm.0.weight."""
    if refused == "arms":
        return "arm.0.name"
    found = REFUSED.fullmatch(refused)
    return refused if found is None else f"arm.{found[1]}.{found[3] or found[2] or 'name'}"


def _sharing(discount: Discount, share: int) -> Discount:
    """The same discount with another share, and the same maximum where it has one."""
    maximum = discount.reward.maximum_minor if isinstance(discount.reward, Percent) else None
    return replace(discount, reward=Percent(percent=share, maximum_minor=maximum))
