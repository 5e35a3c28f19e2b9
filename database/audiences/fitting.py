"""A rule as SQL: who fits it, how many, and about how many.

The same meaning as `rules.evaluate`. SQL has a third truth value where a fact is null; it cannot make a row fit unless
it is negated, so conditions beneath a Not, and only those, are turned into plain false by coalesce.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Text,
    and_,
    any_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import Boolean, TypeEngine

from database.audiences.tables import CustomerFactsRow, SegmentMemberRow, SegmentRow
from database.session import Snapshot
from rules.check import check
from rules.fact import Kind
from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Leaf, Not, Operator, Rule, Some, Within

TABLE = CustomerFactsRow.__table__
TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.WHOLE: BigInteger(),
    Kind.NUMBER: Double(),
    Kind.TEXT: Text(),
    Kind.FLAG: Boolean(),
    Kind.TIME: TIMESTAMP(timezone=True),
    Kind.TEXTS: Text(),
}
COMPARISONS: Mapping[Operator, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    Operator.AT_LEAST: operator.ge,
    Operator.MORE_THAN: operator.gt,
    Operator.AT_MOST: operator.le,
    Operator.LESS_THAN: operator.lt,
    Operator.EQUALS: operator.eq,
    Operator.DIFFERS: operator.ne,
    Operator.CONTAINS: lambda column, value: value == any_(column),
}
# A segment of a million members has to fit into one hash table.
TUNED = text("SELECT set_config('work_mem', '256MB', true)")
PAGES = text("SELECT pg_relation_size('customer_facts') / current_setting('block_size')::integer")
SAMPLED_PAGES = 5_000
"""About 100,000 customers, read in less than a tenth of a second."""
NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A count from a sample, with its 95 % interval."""

    count: int
    low: int
    high: int
    sampled_share: float
    """Of the table; at 1 the count is exact."""


def tune(snapshot: Snapshot) -> None:
    """Prepare the transaction for reading all customers by a rule."""
    snapshot.execute(TUNED)


def where(rule: Rule, facts: FromClause = TABLE) -> ColumnElement[bool]:
    """The condition on `customer_facts`, or on an alias of it, for a WHERE clause. Raises InvalidRule."""
    check(rule)
    return _condition(rule, facts, negated=False)


def count(snapshot: Snapshot, rule: Rule) -> int:
    """Exactly how many customers fit."""
    tune(snapshot)
    return snapshot.execute(select(func.count()).select_from(TABLE).where(where(rule))).scalar_one()


def left_after(snapshot: Snapshot, rules: Sequence[Rule]) -> list[int]:
    """How many customers there are, how many of them fit the first rule, the first two, and so on; in one reading."""
    tune(snapshot)
    conditions = [where(rule) for rule in rules]
    lefts = [func.count().filter(and_(*conditions[: place + 1])) for place in range(len(conditions))]
    return list(snapshot.execute(select(func.count(), *lefts).select_from(TABLE)).one())


def exact(snapshot: Snapshot, rule: Rule) -> Estimate:
    """The count as an estimate of which nothing is uncertain."""
    counted = count(snapshot, rule)
    return Estimate(count=counted, low=counted, high=counted, sampled_share=1.0)


def estimate(snapshot: Snapshot, rule: Rule, *, pages: int = SAMPLED_PAGES, seed: int = 0) -> Estimate:
    """About how many fit, from about so many pages of the table chosen at random; exact where it has no more.

    Pages and not customers are drawn, because that is what costs. Customers of one page may be alike, so the interval
    rests on how the fitting ones are spread over the pages.
    """
    share = min(1.0, pages / max(1, snapshot.execute(PAGES).scalar_one()))
    if share == 1.0:
        return exact(snapshot, rule)
    tune(snapshot)
    drawn = TABLE.tablesample(func.system(100 * share), seed=literal(seed), name="drawn")
    by_page = (
        select(func.count().label("fitting")).where(where(rule, drawn)).group_by(text("(drawn.ctid::text::point)[0]"))
    ).subquery()
    sums = (func.sum(by_page.c.fitting), func.sum(by_page.c.fitting * by_page.c.fitting))
    total, squares = snapshot.execute(select(*(func.coalesce(each, 0) for each in sums))).one()
    return scaled_up(int(total), int(squares), share)


def scaled_up(total: int, squares: int, share: float) -> Estimate:
    """From the fitting customers of sampled pages, and the sum of the squares of their numbers per page.

    Each page is drawn with probability `share` and independently, so total / share is unbiased with a variance of
    (1 - share) / share^2 * squares (Horvitz and Thompson 1952), the variance of a Poisson count of total^2 / squares
    pages. Its interval is Byar's (Rothman and Boice 1979), which holds for small counts and for none.
    """
    clusters = total * total / squares if squares else 0.0
    each = squares / total if total else 1.0
    spread = NORMAL_95 * math.sqrt(1 - share)
    low = clusters * (1 - 1 / (9 * clusters) - spread / (3 * math.sqrt(clusters))) ** 3 if clusters else 0.0
    above = clusters + 1
    high = above * (1 - 1 / (9 * above) + spread / (3 * math.sqrt(above))) ** 3
    return Estimate(
        count=round(total / share), low=max(total, math.floor(low * each / share)), high=math.ceil(high * each / share),
        sampled_share=share,
    )  # fmt: skip


def sample(snapshot: Snapshot, rule: Rule, *, size: int, seed: int = 0) -> list[str]:
    """Up to `size` customers who fit, each as likely as any other; the same seed draws the same ones."""
    draw = func.hashtextextended(CustomerFactsRow.customer_id, seed)
    tune(snapshot)
    return list(snapshot.scalars(select(CustomerFactsRow.customer_id).where(where(rule)).order_by(draw).limit(size)))


def member(segment_id: str, facts: FromClause) -> ColumnElement[bool]:
    """Whether a customer is in the segment as it was last built."""
    current = select(SegmentRow.build).where(SegmentRow.segment_id == segment_id).scalar_subquery()
    members = select(SegmentMemberRow).where(
        SegmentMemberRow.segment_id == segment_id,
        SegmentMemberRow.build == current,
        SegmentMemberRow.customer_id == facts.c.customer_id,
    )
    return members.exists()


def _condition(rule: Rule, facts: FromClause, *, negated: bool) -> ColumnElement[bool]:
    match rule:
        case Every(rules):
            return and_(*(_condition(child, facts, negated=negated) for child in rules))
        case Some(rules):
            return or_(*(_condition(child, facts, negated=negated) for child in rules))
        case Not(inner):
            return not_(_condition(inner, facts, negated=True))
        case Compare() | Within() if negated:
            return func.coalesce(_leaf(rule, facts), false())
        case _:
            return _leaf(rule, facts)


def _leaf(leaf: Leaf, facts: FromClause) -> ColumnElement[bool]:
    match leaf:
        case IsKnown(name):
            return facts.c[name].is_not(None)
        case InSegment(segment_id):
            return member(segment_id, facts)
        case Compare(name, comparison, value):
            return COMPARISONS[comparison](facts.c[name], literal(value, TYPES[FACTS[name].kind]))
        case Within(name, values):
            return _within(facts.c[name], FACTS[name].kind, values)
        case _:
            assert_never(leaf)


def _within(column: ColumnElement[Any], kind: Kind, values: Sequence[object]) -> ColumnElement[bool]:
    listed = literal(list(values), ARRAY(TYPES[kind]))
    return column.bool_op("&&")(listed) if kind is Kind.TEXTS else column == any_(listed)
