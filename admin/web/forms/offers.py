"""Offers as the matrix shows them: for each tier a reward, its conditions and the channels in their order. Pure.

Fields are named `HIGH.reward`, `HIGH.amount`, `HIGH.channel.0` and so on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from admin.web.forms.typed import Fault, Fields, Mistyped, first, lines, major, minor_of, whole_of
from campaigns.terms.campaign import Channel, Offer
from campaigns.terms.discount import Discount, Fixed, FreeShipping, Gift, Percent, Reward, Scope
from campaigns.tiers.tiers import Tier

REFUSED = re.compile(r"offers\[(?P<tier>\w+)\](?:\.discount)?(?:\.(?P<part>\w+))?")
PLACES = {"percent": "amount", "amount": "amount", "item": "amount", "maximum": "maximum", "minimum": "minimum",
          "scope": "items", "fallbacks": "channel.0"}  # fmt: skip
CHANNELS = tuple(Channel)


class Kind(StrEnum):
    """What a tier gets."""

    NOTHING = ""
    PERCENT = "percent"
    FIXED = "fixed"
    SHIPPING = "shipping"
    GIFT = "gift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The offers of a form, and what stands in their way by field."""

    offers: tuple[Offer, ...]
    faults: Mapping[str, Fault]


def shown(offers: tuple[Offer, ...], currency: str) -> dict[str, list[str]]:
    """The fields of a form that `read` reads back as the same offers."""
    fields: dict[str, list[str]] = {f"{tier}.reward": [Kind.NOTHING.value] for tier in Tier}
    for offer in offers:
        discount, tier = offer.discount, offer.tier.value
        scope = discount.scope or Scope()
        fields |= {f"{tier}.{name}": [text] for name, text in _reward_fields(discount.reward, currency).items()}
        fields |= {f"{tier}.channel.{place}": [channel.value] for place, channel in enumerate(offer.channels)}
        fields |= {
            f"{tier}.minimum": [major(discount.minimum_minor, currency)],
            f"{tier}.items": ["\n".join(scope.items)],
            f"{tier}.categories": ["\n".join(scope.categories)],
        }
        if discount.first_order_only:
            fields[f"{tier}.first"] = ["1"]
    return fields


def read(fields: Fields, currency: str) -> Read:
    """Highest tier first; a tier whose fields are faulty is left out."""
    offers: list[Offer] = []
    faults: dict[str, Fault] = {}
    for tier in Tier:
        form = _Form(fields, tier.value, currency)
        offer = form.offer(tier)
        faults |= form.faults
        if offer is not None and not form.faults:
            offers.append(offer)
    return Read(offers=tuple(offers), faults=faults)


def field_of(refused: str) -> str:
    """The field of the form that shows what a refusal names; the refused field itself for anything else."""
    found = REFUSED.fullmatch(refused)
    return refused if found is None else f"{found['tier']}.{PLACES.get(found['part'] or '', 'reward')}"


class _Form:
    """One tier's fields; collects what is wrong."""

    def __init__(self, fields: Fields, tier: str, currency: str) -> None:
        self._fields, self._tier, self._currency = fields, tier, currency
        self.faults: dict[str, Fault] = {}

    def offer(self, tier: Tier) -> Offer | None:
        kind = self._text("reward")
        if kind not in set(Kind) or kind == Kind.NOTHING:
            return None
        reward, channels = self._reward(Kind(kind)), self._channels()
        items, categories = (lines(self._fields, f"{self._tier}.{name}") for name in ("items", "categories"))
        minimum = self._money("minimum")
        if reward is None or not channels:
            return None
        discount = Discount(
            reward=reward, first_order_only=bool(self._text("first")), minimum_minor=minimum,
            scope=Scope(items=items, categories=categories) if items or categories else None,
        )  # fmt: skip
        return Offer(tier=tier, discount=discount, channel=channels[0], fallbacks=channels[1:])

    def _reward(self, kind: Kind) -> Reward | None:
        match kind:
            case Kind.PERCENT:
                percent, most = self._needed("amount", whole=True), self._money("maximum")
                return None if percent is None else Percent(percent=percent, maximum_minor=most)
            case Kind.FIXED:
                amount = self._needed("amount", whole=False)
                return None if amount is None else Fixed(amount_minor=amount)
            case Kind.SHIPPING:
                return FreeShipping(maximum_minor=self._money("maximum"))
            case Kind.GIFT:
                item = self._text("amount")
                if not item:
                    self.faults[f"{self._tier}.amount"] = Fault.EMPTY
                return Gift(item_id=item)
            case Kind.NOTHING:
                return None
            case _:
                assert_never(kind)

    def _channels(self) -> tuple[Channel, ...]:
        """Those that are chosen, whatever was left out between them."""
        chosen = [self._text(f"channel.{place}") for place in range(len(CHANNELS))]
        found = tuple(Channel(each) for each in chosen if each in set(Channel))
        if not found:
            self.faults[f"{self._tier}.channel.0"] = Fault.EMPTY
        return found

    def _needed(self, name: str, *, whole: bool) -> int | None:
        text = self._text(name)
        if not text:
            self.faults[f"{self._tier}.{name}"] = Fault.EMPTY
            return None
        try:
            return whole_of(text) if whole else minor_of(text, self._currency)
        except Mistyped as error:
            self.faults[f"{self._tier}.{name}"] = error.fault
            return None

    def _money(self, name: str) -> int | None:
        return self._needed(name, whole=False) if self._text(name) else None

    def _text(self, name: str) -> str:
        return first(self._fields, f"{self._tier}.{name}")


def _reward_fields(reward: Reward, currency: str) -> dict[str, str]:
    match reward:
        case Percent(percent=percent, maximum_minor=maximum):
            return {"reward": Kind.PERCENT, "amount": str(percent), "maximum": major(maximum, currency)}
        case Fixed(amount_minor=amount):
            return {"reward": Kind.FIXED, "amount": major(amount, currency)}
        case FreeShipping(maximum_minor=maximum):
            return {"reward": Kind.SHIPPING, "maximum": major(maximum, currency)}
        case Gift(item_id=item_id):
            return {"reward": Kind.GIFT, "amount": item_id}
        case _:
            assert_never(reward)
