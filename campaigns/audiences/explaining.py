"""Why a rule means a customer, or does not."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.customers import profiles
from campaigns.tiers.refusals import CustomersNotScored
from database.audiences import facts
from database.audiences.facts import KnownFacts
from database.session import Snapshot
from rules.evaluate import evaluate
from rules.rule import Rule
from rules.sentence import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One condition that decided it."""

    path: str
    """Where it stands in the rule, such as every[1].within."""
    holds: bool
    reason: str
    """The condition in words, with what is known of the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """In or out, and why."""

    as_of: datetime
    """What the facts are as of."""
    holds: bool
    because: tuple[Because, ...]
    """Together they suffice for the verdict."""


def known_facts(snapshot: Snapshot, customer_id: str) -> KnownFacts:
    """As the last rescoring left them, which is what audiences go by. Raises CustomerNotFound, CustomersNotScored."""
    name = profiles.get(snapshot, customer_id).name
    known = facts.stored_facts(snapshot, customer_id)
    if known is None:
        raise CustomersNotScored(f"{name} came after the last rescoring: run ScoreAllCustomers first", customer=name)
    return known


def explain(snapshot: Snapshot, rule: Rule, known: KnownFacts, speaker: Speaker) -> RuleExplanation:
    """The verdict on these facts. The rule is one that `segments.problems_of` accepts."""
    verdict = evaluate(rule, known.facts, facts.segments_of(snapshot, known.customer_id))
    because = [Because(path=each.path, holds=each.holds, reason=speaker.reason(each)) for each in verdict.because]
    return RuleExplanation(as_of=known.as_of, holds=verdict.holds, because=tuple(because))
