"""Parts of a shop and generated shops are histories; a baseline is ahead only where chance does not explain it."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from made.histories import bought, frame, row

from admin.learning.data import TrainingData
from bench.laws import LAWS, START, Law, events_of, wholesale
from bench.many_shops import ahead, hidden
from bench.parts import PARTS, customers
from events.event import CUSTOMER_SCHEMA, EVENT_SCHEMA, ITEM_SCHEMA, EventType
from training.evaluating.comparison import OURS, compare
from training.metrics import auc, log_loss

PEOPLE = [f"customer-{number}" for number in range(60)]


def retail() -> TrainingData:
    """Sixty customers, of whom some send something back."""
    rows = [
        bought(9 * place + 1, 300 + place, who, order_id=f"{who}-1", item_id=f"item {place % 7}", quantity=2.0)
        for place, who in enumerate(PEOPLE)
    ]
    rows += [bought(1, 9000, who, order_id=f"{who}-2", item_id="item 8", quantity=1.0) for who in PEOPLE[:20]]
    rows += [row(EventType.RETURN, 0.5, PEOPLE[0], order_id="back", item_id="item 8", quantity=1.0)]
    events = frame(rows).sort("time")
    return TrainingData(
        events=events, items=ITEM_SCHEMA.to_frame(), customers=CUSTOMER_SCHEMA.to_frame(),
        seen=events.group_by("customer_id").agg(pl.col("time").min()), as_of=datetime(2100, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_a_history(name: str) -> None:
    made = PARTS[name][0](retail())

    assert made.schema == EVENT_SCHEMA
    assert made.height <= retail().events.height


def test_thirds_of_the_customers_are_all_of_them() -> None:
    thirds = [customers(place / 3, (place + 1) / 3)(retail())["customer_id"].unique().to_list() for place in range(3)]

    assert sorted(who for third in thirds for who in third) == sorted(PEOPLE)
    assert min(map(len, thirds)) > 10


def test_a_shop_is_generated_again_as_it_was() -> None:
    made = events_of(wholesale, 0)

    assert made.schema == EVENT_SCHEMA
    assert made["time"].is_sorted()
    assert made.filter(pl.col("time") < START).is_empty()
    assert made.equals(events_of(wholesale, 0))
    assert not made.equals(events_of(wholesale, 1))


@pytest.mark.parametrize("law", LAWS)
def test_a_law_ends_where_the_shop_does(law: Law) -> None:
    _, days, begins = LAWS[law]
    random = np.random.default_rng(0)
    orders = [order for _ in range(50) for order in law(random, days)]

    assert orders
    assert all(amount > 0 for _, amount in orders)
    assert all(0 < begin <= days - 90 for begin in begins)


def test_there_are_nineteen_sets_without_a_file_and_one_more_for_each_part_of_it() -> None:
    assert len(list(hidden(None))) == 19
    assert len({shop.name for shop in hidden(retail())}) == 19 + sum(len(days) for _, days in PARTS.values())


def test_a_baseline_is_ahead_where_chance_does_not_explain_it() -> None:
    random = np.random.default_rng(1)
    chance = random.uniform(0.05, 0.95, 500)
    came = (random.random(500) < chance).astype(float)
    said = {OURS: random.permutation(chance), "better": chance, "worse": random.permutation(chance)}
    found = compare(came, said, {"auc": auc, "log_loss": log_loss}, seed=0)

    assert ahead(found, "auc") == ahead(found, "log_loss") == ["better"]
    few = compare(came[:20], {name: each[:20] for name, each in said.items()}, {"auc": auc}, seed=0)
    assert ahead(few, "auc") == []
