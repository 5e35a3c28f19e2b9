"""How many customers a rule means: about, at once; exactly, and condition by condition, when there is time."""

from dataclasses import dataclass

from database.audiences import fitting
from database.audiences.fitting import Estimate
from database.session import Snapshot
from rules.rule import Every, IsKnown, Rule

EVERYONE: Rule = IsKnown("orders")
"""A count is known of everybody of whom anything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one condition leaves of those whom the conditions before it left."""

    rule: Rule
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """From all customers to those whom a rule means."""

    customers: int
    steps: tuple[Step, ...]
    """One for each member of the outermost Every; one for any other rule; none where there is no rule."""

    @property
    def left(self) -> int:
        """Exactly how many the rule means."""
        return self.steps[-1].left if self.steps else self.customers


def about(snapshot: Snapshot, rule: Rule | None) -> Estimate:
    """At once, however many customers there are. The rule is one that `segments.problems_of` accepts."""
    return fitting.estimate(snapshot, rule or EVERYONE)


def narrowing(snapshot: Snapshot, rule: Rule | None) -> Narrowing:
    """Exact; reads the facts of all customers once. The rule is one that `segments.problems_of` accepts."""
    match rule:
        case None:
            rules: tuple[Rule, ...] = ()
        case Every(members):
            rules = members
        case _:
            rules = (rule,)
    customers, *lefts = fitting.left_after(snapshot, rules)
    steps = tuple(Step(rule=each, left=left) for each, left in zip(rules, lefts, strict=True))
    return Narrowing(customers=customers, steps=steps)
