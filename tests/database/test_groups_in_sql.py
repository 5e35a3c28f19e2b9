"""PostgreSQL draws the same groups as Python does."""

import math

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, Text, func, literal, select

from campaigns.experiments.assignment import Arm, Design, groups_of, positions, starts
from database.experiments.assignment import Groups, group, position
from database.session import Database

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
DESIGNS = st.builds(
    lambda holdout, weights: Design(
        holdout=holdout, arms=tuple(Arm(name=f"a{place}", weight=weight) for place, weight in enumerate(weights))
    ),
    st.floats(min_value=0, max_value=0.9),
    st.lists(st.floats(min_value=0.01, max_value=100), min_size=1, max_size=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(WORDS, st.lists(WORDS, max_size=50), DESIGNS)
def test_both_draw_the_same_group(
    database: Database, campaign_id: str, customer_ids: list[str], design: Design
) -> None:
    expected = pl.Series(customer_ids, dtype=pl.String)
    given_ids = func.unnest(literal(customer_ids, ARRAY(Text))).column_valued("customer_id")
    with database.reading() as snapshot:
        asked = select(
            position(campaign_id, given_ids), group(Groups(design.groups, starts(design)), campaign_id, given_ids)
        )
        drawn = snapshot.execute(asked).all()

    assert [place for place, _ in drawn] == positions(campaign_id, expected).tolist()
    assert [name for _, name in drawn] == groups_of(design, campaign_id=campaign_id, customer_ids=expected).to_list()


def test_a_group_begins_with_the_customer_who_stands_where_it_begins(database: Database) -> None:
    place = float(positions("spring", pl.Series(["anna"]))[0])
    starting = [place, math.nextafter(place, 1), 0.0, 1.0]
    with database.reading() as snapshot:
        drawn = [
            snapshot.execute(
                select(group(Groups(("before", "after"), [start]), "spring", literal("anna")))
            ).scalar_one()
            for start in starting
        ]

    assert drawn == ["after", "before", "after", "before"]
