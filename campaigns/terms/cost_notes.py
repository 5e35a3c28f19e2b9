"""What is left out of foretold costs and revenue, as a value, and the same in a sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.sentence import Language


class Unknown(StrEnum):
    """What nobody can say, or nobody can use."""

    REVENUE = "REVENUE"
    """Scores are in another currency than the campaign."""
    PERCENTAGE = "PERCENTAGE"
    """What it takes off orders that are foretold in another currency."""
    GIFT = "GIFT"
    SHIPPING = "SHIPPING"
    FIRST_ORDER = "FIRST_ORDER"
    """A coupon for it, of who has bought before."""


WORDS: Mapping[Language, Mapping[Unknown, str]] = {
    Language.ENGLISH: {
        Unknown.REVENUE: "scores are in {scored}: revenue in {currency} is not foretold",
        Unknown.PERCENTAGE: "orders are foretold in {scored}, not in {currency}: what a percentage takes off "
        "is not known without a maximum; give one, or a fixed amount",
        Unknown.GIFT: "the gift {item_id} has no price in the catalogue: it counts as nothing",
        Unknown.SHIPPING: "what shipping costs is not known: without a maximum it counts as nothing",
        Unknown.FIRST_ORDER: "{customers:,} customers of {tier} have bought before and cannot use a coupon for a "
        "first order: it counts as nothing; leave them out by a rule, or offer them something else",
    },
    Language.CHINESE: {
        Unknown.REVENUE: "评分以 {scored} 计，因此不预测以 {currency} 计的收入",
        Unknown.PERCENTAGE: "订单以 {scored} 而非 {currency} 预测，没有上限就无法得知百分比折扣减免多少："
        "请设定上限，或改用固定金额",
        Unknown.GIFT: "赠品 {item_id} 在商品目录中没有价格，按零计算",
        Unknown.SHIPPING: "运费未知，没有上限时按零计算",
        Unknown.FIRST_ORDER: "{tier} 中有 {customers:,} 位客户以前购买过，无法使用首单优惠券，按零计算："
        "请用规则排除他们，或提供其他优惠",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostNote:
    """One thing that is counted as nothing, with what its sentence names."""

    unknown: Unknown
    item_id: str = ""
    scored: str = ""
    """The currency of scores."""
    currency: str = ""
    """Of the campaign."""
    tier: str = ""
    customers: int = 0

    def sentence(self, language: Language = Language.ENGLISH) -> str:
        """Without a full stop."""
        said = WORDS[language][self.unknown]
        return said.format(
            item_id=self.item_id, scored=self.scored, currency=self.currency, tier=self.tier, customers=self.customers
        )
