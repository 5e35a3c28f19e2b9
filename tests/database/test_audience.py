"""A rule as SQL: the same customers as in Python, counted, estimated, paged and sampled."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made.rules import SEGMENTS, people, rules
from sqlalchemy import delete, insert, select

from database.audiences import fitting
from database.audiences.tables import CustomerFactsRow, SegmentMemberRow, SegmentRow
from database.session import Database, Snapshot, Transaction
from rules.check import InvalidRule
from rules.evaluate import evaluate
from rules.fact import Facts, Kind
from rules.facts import FACTS
from rules.rule import Compare, InSegment, IsKnown, Not, Operator, Rule

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def remember(transaction: Transaction, customers: Sequence[Facts]) -> None:
    """Customers 0, 1, 2 … with these facts."""
    rows = [
        dict.fromkeys(FACTS)
        | {name: list(value) if isinstance(value, frozenset) else value for name, value in facts.items()}
        | {"customer_id": str(number), "as_of": AS_OF}
        for number, facts in enumerate(customers)
    ]
    transaction.execute(insert(CustomerFactsRow), rows)


def fill(transaction: Transaction, segment_id: str, numbers: set[int]) -> None:
    """A segment in its second build; everyone was in the first, which counts no more."""
    transaction.execute(insert(SegmentRow).values(segment_id=segment_id, display_name="", rule={}, build=2))
    rows = [{"segment_id": segment_id, "build": 1, "customer_id": str(number)} for number in range(6)]
    rows += [{"segment_id": segment_id, "build": 2, "customer_id": str(number)} for number in numbers]
    transaction.execute(insert(SegmentMemberRow), rows)


def members(snapshot: Snapshot, rule: Rule) -> set[int]:
    found = snapshot.scalars(select(CustomerFactsRow.customer_id).where(fitting.where(rule)))
    return {int(customer_id) for customer_id in found}


@given(
    customers=st.lists(people(), min_size=1, max_size=6),
    asked=st.lists(rules(), min_size=1, max_size=6),
    in_segment=st.sets(st.tuples(st.sampled_from(SEGMENTS), st.integers(0, 5))),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_agree_on_who_is_in(
    database: Database, customers: list[Facts], asked: list[Rule], in_segment: set[tuple[str, int]]
) -> None:
    with database.writing() as transaction:
        for row in (SegmentMemberRow, SegmentRow, CustomerFactsRow):
            transaction.execute(delete(row))
        remember(transaction, customers)
        for segment in SEGMENTS:
            fill(transaction, segment, {number for name, number in in_segment if name == segment})
    with database.reading() as snapshot:
        for rule in asked:
            expected = {
                number
                for number, facts in enumerate(customers)
                if evaluate(rule, facts, {segment for segment, member in in_segment if member == number}).holds
            }
            assert members(snapshot, rule) == expected
            assert members(snapshot, Not(rule)) == set(range(len(customers))) - expected
            assert members(snapshot, Not(Not(rule))) == expected
            assert fitting.count(snapshot, rule) == len(expected)


def test_every_fact_is_a_column_of_its_type() -> None:
    python_types = {
        Kind.WHOLE: int, Kind.NUMBER: float, Kind.TEXT: str, Kind.FLAG: bool, Kind.TIME: datetime, Kind.TEXTS: list,
    }  # fmt: skip
    columns = {column.name: column for column in CustomerFactsRow.__table__.columns}

    assert set(columns) == {"customer_id", "as_of", "uplift_campaign_id", *FACTS}
    for name, fact in FACTS.items():
        assert columns[name].type.python_type is python_types[fact.kind], name
        assert columns[name].nullable


def someone_in(number: int) -> Facts:
    return {"orders": number % 10, "country": "DE" if number % 4 else "FR"}


@pytest.fixture
def thousands(database: Database) -> Database:
    """6,000 customers; every fourth is French, every tenth never ordered."""
    with database.writing() as transaction:
        remember(transaction, [someone_in(number) for number in range(6_000)])
    return database


FRENCH = Compare("country", Operator.EQUALS, "FR")


def test_the_estimate_of_a_small_table_is_its_count(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        assert fitting.estimate(snapshot, FRENCH) == fitting.Estimate(
            count=1_500, low=1_500, high=1_500, sampled_share=1.0
        )


def test_the_interval_of_estimates_covers_the_count_about_as_often_as_it_says(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        estimates = [fitting.estimate(snapshot, FRENCH, pages=15, seed=seed) for seed in range(200)]
    covered = sum(each.low <= 1_500 <= each.high for each in estimates)
    mean = sum(each.count for each in estimates) / len(estimates)

    assert covered >= 180
    assert mean == pytest.approx(1_500, rel=0.05)
    assert estimates[0].sampled_share < 0.5


def test_an_estimate_that_saw_nobody_says_how_many_there_may_be(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        nobody = fitting.estimate(snapshot, IsKnown("tier"), pages=15)

    assert (nobody.count, nobody.low) == (0, 0)
    assert 5 <= nobody.high <= 30


def test_an_interval_is_wider_where_those_who_fit_stand_together() -> None:
    apart = fitting.scaled_up(100, 100, 0.1)
    together = fitting.scaled_up(100, 1_000, 0.1)

    assert (apart.count, apart.low, apart.high) == (1_000, 822, 1_205)
    assert (together.count, together.low, together.high) == (1_000, 498, 1_793)


def test_a_sample_is_drawn_from_all_and_can_be_drawn_again(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        first, again, other = (fitting.sample(snapshot, FRENCH, size=50, seed=seed) for seed in (1, 1, 2))

    assert first == again != other
    assert len(set(first)) == 50
    assert all(int(customer_id) % 4 == 0 for customer_id in first)
    assert max(map(int, first)) > 4_000
    assert min(map(int, first)) < 2_000


def test_a_segment_that_nobody_built_holds_nobody(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        assert fitting.count(snapshot, InSegment("unheard-of")) == 0


def test_a_rule_without_meaning_never_reaches_the_database(thousands: Database) -> None:
    with thousands.reading() as snapshot, pytest.raises(InvalidRule, match=r"compare\.value: must be a whole number"):
        fitting.count(snapshot, Compare("orders", Operator.AT_LEAST, "three"))


def test_text_in_a_rule_is_never_read_as_sql(thousands: Database) -> None:
    with thousands.reading() as snapshot:
        assert fitting.count(snapshot, Compare("country", Operator.EQUALS, "FR' OR '1'='1")) == 0
