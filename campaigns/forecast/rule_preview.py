"""Whom a rule means, before anything is done with it: in words, how many, and some of them with why."""

from dataclasses import dataclass

from campaigns.forecast import rule_notes
from database.audiences import facts, fitting
from database.audiences.fitting import Estimate
from database.session import Snapshot
from rules.evaluate import evaluate
from rules.rule import Rule
from rules.sentence import Language, Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A customer whom the rule means."""

    customer_id: str
    reasons: tuple[str, ...]
    """The conditions that decided it, with what is known of the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """Whom a rule means."""

    sentence: str
    size: Estimate
    examples: tuple[Example, ...]
    notes: tuple[str, ...]
    """What to know of the facts that it asks about."""


def preview(
    snapshot: Snapshot, rule: Rule, *, size: int, seed: int = 0, language: Language = Language.ENGLISH
) -> RulePreview:
    """Up to `size` examples, each as likely as any other. The rule is one that `segments.problems_of` accepts."""
    speaker = Speaker(language=language)
    return RulePreview(
        sentence=speaker.sentence(rule),
        size=fitting.estimate(snapshot, rule),
        examples=examples(snapshot, rule, size=size, seed=seed, speaker=speaker),
        notes=rule_notes.notes(snapshot, rule, language),
    )


def examples(snapshot: Snapshot, rule: Rule, *, size: int, seed: int = 0, speaker: Speaker) -> tuple[Example, ...]:
    """Some whom the rule means, each as likely as any other."""
    drawn = fitting.sample(snapshot, rule, size=size, seed=seed)
    return tuple(_example(snapshot, rule, customer_id, speaker) for customer_id in drawn)


def _example(snapshot: Snapshot, rule: Rule, customer_id: str, speaker: Speaker) -> Example:
    known = facts.stored_facts(snapshot, customer_id)
    assert known is not None, "the sample was drawn from the stored facts, in the same snapshot"
    verdict = evaluate(rule, known.facts, facts.segments_of(snapshot, customer_id))
    return Example(customer_id=customer_id, reasons=tuple(speaker.reason(reason) for reason in verdict.because))
