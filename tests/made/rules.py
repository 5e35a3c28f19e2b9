"""Random rules and random people, for properties that hold for all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from rules.fact import LISTABLE, Fact, Facts, FactValue, Kind, Spelling
from rules.facts import FACTS
from rules.rule import Compare, Every, InSegment, IsKnown, Not, Rule, Some, Value, Within

SEGMENTS = ("first", "second")
# Few facts and few values, so that people and rules meet; all the other facts come up as well.
NARROW = ("orders_90", "churn", "tier", "country", "has_bought", "customer_since", "consented_channels", "campaigns")
names = st.sampled_from(NARROW) | st.sampled_from(list(FACTS))
texts = st.sampled_from(["a", "b", "ß", "电邮", "o'x", '"q"', "50 %", "{}", "null", "no", "1"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=5
)
times = st.sampled_from([datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]) | st.integers(0, 10**16).map(
    lambda microseconds: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
KINDS: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.WHOLE: st.integers(-1, 3) | st.integers(-(2**31), 2**31 - 1),
    Kind.NUMBER: st.sampled_from([0.0, 0.1, 0.5, 1, 3]) | st.floats(-1e15, 1e15),
    Kind.TEXT: texts,
    Kind.FLAG: st.booleans(),
    Kind.TIME: times,
    Kind.TEXTS: texts,
}


def values(fact: Fact) -> st.SearchStrategy[Value]:
    """What the fact may be compared with."""
    if fact.choices:
        return st.sampled_from(fact.choices)
    if fact.spelling is not Spelling.ANY:
        return texts.map(fact.spelling.of).filter(lambda text: text == fact.spelling.of(text) and len(text) > 0)
    return KINDS[fact.kind]


@st.composite
def comparisons(draw: st.DrawFn) -> Compare:
    """A comparison that `check` accepts."""
    fact = FACTS[draw(names)]
    return Compare(fact.name, draw(st.sampled_from(sorted(fact.operators))), draw(values(fact)))


@st.composite
def lists(draw: st.DrawFn) -> Within:
    """A Within that `check` accepts."""
    fact = FACTS[draw(names.filter(lambda name: FACTS[name].kind in LISTABLE))]
    return Within(fact.name, tuple(draw(st.lists(values(fact), min_size=1, max_size=4))))


leaves = comparisons() | comparisons() | lists() | names.map(IsKnown) | st.sampled_from(SEGMENTS).map(InSegment)


def _deeper(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    groups = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return groups.map(Every) | groups.map(Some) | inner.map(Not)


def rules(depth: int = 4) -> st.SearchStrategy[Rule]:
    """Rules of up to so many levels."""
    strategy: st.SearchStrategy[Rule] = leaves
    for _ in range(depth - 1):
        strategy = leaves | _deeper(strategy)
    return strategy


def fact_values(fact: Fact) -> st.SearchStrategy[FactValue]:
    """What may be known."""
    return st.frozensets(values(fact).map(str), max_size=3) if fact.kind is Kind.TEXTS else values(fact)


def people() -> st.SearchStrategy[Facts]:
    """What is known of one customer; any of it may be missing."""
    narrow = {name: fact_values(FACTS[name]) for name in NARROW}
    others = {name: fact_values(FACTS[name]) for name in FACTS if name not in NARROW}
    return st.builds(
        lambda known, more: {**known, **more},
        st.fixed_dictionaries({}, optional=narrow),
        st.fixed_dictionaries({}, optional=others) | st.just({}),
    )
