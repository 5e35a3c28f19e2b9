"""Why an item is recommended, in the words of each language."""

from collections.abc import Mapping

from rules.sentence import Language
from scoring.score import Reason, Why

WORDS: Mapping[Language, Mapping[Why, str]] = {
    Language.ENGLISH: {
        Why.BOUGHT_BEFORE: "bought before", Why.BOUGHT_AFTER: "often bought after {}", Why.SIMILAR: "similar to {}",
        Why.SIMILAR_CUSTOMERS: "what customers with a similar history buy next", Why.POPULAR: "popular lately",
        Why.IN_CATALOGUE: "in the catalogue", Why.LOOKED_AT: "looked at lately",
    },
    Language.CHINESE: {
        Why.BOUGHT_BEFORE: "曾经购买", Why.BOUGHT_AFTER: "购买“{}”后常买", Why.SIMILAR: "与“{}”相似",
        Why.SIMILAR_CUSTOMERS: "购买经历相似的客户接下来会买", Why.POPULAR: "近期热销", Why.IN_CATALOGUE: "在售商品",
        Why.LOOKED_AT: "近期浏览过",
    },
}  # fmt: skip
UNTITLED: Mapping[Language, str] = {Language.ENGLISH: "item {}", Language.CHINESE: "商品 {}"}


def item_words(reason: Reason, language: Language = Language.ENGLISH) -> str:
    """'often bought after Oak Lamp'."""
    return WORDS[language][reason.why].format(reason.title or UNTITLED[language].format(reason.source_id))
