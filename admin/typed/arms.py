"""Arms as an operator types them: NAME, NAME*WEIGHT, or with discounts of its own (NAME=TIER:DISCOUNT,…)."""

import re

from admin.shell.output import fail
from admin.typed.discounts import discount_of, words
from campaigns.terms.arms import ArmPlan, TierDiscount
from campaigns.tiers.tiers import Tier

SYNTAX = (
    "NAME[*WEIGHT][=TIER:DISCOUNT,…], such as plain, bold=HIGH:30%, or rare*2=HIGH:30%,LOW:new+5.00; a tier that is "
    "not named keeps the discount of --offer"
)
ARM = re.compile(r"(?P<name>[^*=]+)(?:\*(?P<weight>\d{1,4}))?(?:=(?P<discounts>.+))?")


def arm_of(written: str, currency: str) -> ArmPlan:
    """The arm, or the end of the command with the syntax."""
    found = ARM.fullmatch(written)
    if found is None:
        fail(f"--arm {written}: give {SYNTAX}")
    given = [_tier_discount(part, written, currency) for part in (found["discounts"] or "").split(",") if part]
    ordered = sorted(given, key=lambda each: list(Tier).index(each.tier))
    return ArmPlan(name=found["name"], weight=int(found["weight"] or 1), discounts=tuple(ordered))


def typed_arm(arm: ArmPlan, currency: str) -> str:
    """The way back."""
    weight = "" if arm.weight == 1 else f"*{arm.weight}"
    discounts = ",".join(f"{tier}:{words(discount, currency)}" for tier, discount in arm.discounts)
    return f"{arm.name}{weight}" + (f"={discounts}" if discounts else "")


def _tier_discount(part: str, written: str, currency: str) -> TierDiscount:
    tier, colon, discount = part.partition(":")
    if not colon or tier.upper() not in Tier.__members__:
        fail(f"--arm {written}: give {SYNTAX}; the tier is one of {', '.join(Tier)}")
    return TierDiscount(Tier(tier.upper()), discount_of(discount, f"--arm {written}", SYNTAX, currency))
