"""What whoever reads how many a rule means should know of the facts that it asks about, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from database.forecast import uplifts
from database.session import Snapshot
from rules.rule import Rule, facts_named
from rules.sentence import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWords:
    """Sentences with places for names."""

    unlearned: str
    learned: str


WORDS: Mapping[Language, NoteWords] = {
    Language.ENGLISH: NoteWords(
        unlearned="No past campaign has taught yet what an offer changes: expected_uplift is known of nobody.",
        learned="What an offer adds was learned from campaigns/{campaign}; another offer may add more or less.",
    ),
    Language.CHINESE: NoteWords(
        unlearned="尚无过往活动表明优惠会改变什么：无人已知优惠预期的提升（expected_uplift）。",
        learned="优惠带来的提升学自活动{campaign}，换一种优惠时提升可能不同。",
    ),
}


def notes(snapshot: Snapshot, rule: Rule | None, language: Language = Language.ENGLISH) -> tuple[str, ...]:
    """None for a rule whose facts speak for themselves."""
    if rule is None or "expected_uplift" not in facts_named(rule):
        return ()
    campaign_id, words = uplifts.latest_campaign(snapshot), WORDS[language]
    return (words.unlearned if campaign_id is None else words.learned.format(campaign=campaign_id),)
