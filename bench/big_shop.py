"""A big shop as files: a hundred thousand items, hundreds of thousands of customers, millions of lines.

    python -m bench.big_shop --out DIR [--items 100000] [--customers 220000] [--seed 7]

DIR/events.parquet and DIR/items.parquet. Items are popular by Zipf's law, belong to tastes, and have a companion that
is bought after them; customers have a few tastes, come back, and buy some things again. One customer has 100,000 lines.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from scoring.seen.actions import Floats, Integers
from scoring.seen.view import DAY

ITEMS, SEED = 100_000, 7
START = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 540
TASTES = 3
"""Of a customer."""
ITEMS_OF_A_TASTE = 200
DEPARTMENTS = 20
ORDERS = 5.0
"""Of a customer in the mean, a few have many."""
LINES = 1.6
"""Of an order beyond the first."""
OWN, COMPANION, AGAIN = 0.7, 0.25, 0.15
"""Share of lines of an own taste, that go with the line before, that the customer bought already."""
VIEWED = 0.4
"""Share of lines before which the item was looked at."""
LARGEST = 100_000
"""Lines of one customer."""
SURNAMES = ("oak", "steel", "linen", "amber", "cobalt", "ivory", "quartz", "willow", "saffron", "slate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """V items; those of taste t are `t * ITEMS_OF_A_TASTE` and on, so many, the popular ones first."""

    share: Floats
    """[V] of what is sold."""
    companion: Integers
    """[V] what is bought after it."""
    price: Floats
    name: Integers
    """[V] the number in its id, which says nothing."""


def goods_of(items: int, random: np.random.Generator) -> Goods:
    """A catalogue."""
    rank = random.permutation(items)
    within = np.arange(items) // ITEMS_OF_A_TASTE * ITEMS_OF_A_TASTE
    order = np.lexsort((rank, within))
    share = 1.0 / (1.0 + rank[order])
    place = np.arange(items)
    companion = within + (place - within + random.integers(1, ITEMS_OF_A_TASTE, items)) % ITEMS_OF_A_TASTE
    return Goods(
        share=share / share.sum(), companion=np.minimum(companion, items - 1),
        price=np.exp(random.normal(2.5, 0.8, items)).round(2), name=random.permutation(items),
    )  # fmt: skip


def lines_of(goods: Goods, customers: int, random: np.random.Generator) -> pl.DataFrame:
    """`customer`, `order`, `time` in seconds from the start, `item`: by customer and time."""
    orders = 1 + random.poisson(random.gamma(0.5, 2 * (ORDERS - 1), customers))
    orders[0] = LARGEST / (1 + LINES)
    begin = random.uniform(0, DAYS * 0.8, customers)
    who = np.repeat(np.arange(customers), orders)
    day = begin[who] + random.random(len(who)) * (DAYS - begin[who])
    order = np.lexsort((day, who))
    length = 1 + random.poisson(LINES, len(order))
    line = np.repeat(np.arange(len(order)), length)
    owner = who[line]
    item = _items(goods, owner, line, random)
    return pl.DataFrame({"customer": owner, "order": line, "time": (day[order] * DAY)[line], "item": item})


def _items(goods: Goods, owner: Integers, order: Integers, random: np.random.Generator) -> Integers:
    """[N] what each line holds."""
    cumulated, count = np.append(0.0, np.cumsum(goods.share)), len(owner)
    tastes = random.integers(0, len(goods.share) // ITEMS_OF_A_TASTE, (owner[-1] + 1, TASTES))
    taste = tastes[owner, (random.random(order[-1] + 1) * TASTES).astype(int)[order]]
    own = random.random(count) < OWN
    low = np.where(own, cumulated[taste * ITEMS_OF_A_TASTE], 0.0)
    high = np.where(own, cumulated[(taste + 1) * ITEMS_OF_A_TASTE], 1.0)
    item = np.searchsorted(cumulated, low + random.random(count) * (high - low), side="right") - 1
    item = np.minimum(item, len(goods.share) - 1)
    goes = (random.random(count) < COMPANION) & np.append(False, owner[1:] == owner[:-1])
    item[goes] = goods.companion[item[np.flatnonzero(goes) - 1]]
    first = np.searchsorted(owner, owner)
    place = np.arange(count)
    earlier = first + (random.random(count) * (place - first)).astype(int)
    source = np.where((random.random(count) < AGAIN) & (place > first), earlier, place)
    while (source[source] != source).any():
        source = source[source]
    return np.asarray(item[source])


def events_of(lines: pl.DataFrame, goods: Goods, random: np.random.Generator) -> pl.DataFrame:
    """Purchases, and what was looked at before them, as a file of events."""
    seen = lines.filter(pl.Series(random.random(lines.height) < VIEWED))
    seen = seen.with_columns(pl.col("time") - 60 - pl.Series(random.random(seen.height) * 3600))
    both = pl.concat([lines.with_columns(event_type=pl.lit("purchase")), seen.with_columns(event_type=pl.lit("view"))])
    item, bought = both["item"].to_numpy(), pl.col("event_type") == "purchase"
    return (
        both.select(
            customer_id=pl.format("c{}", "customer"),
            time=pl.lit(START).dt.cast_time_unit("us")
            + pl.duration(microseconds=(pl.col("time") * 1e6).cast(pl.Int64)),
            event_type="event_type",
            order_id=pl.when(bought).then(pl.format("o{}", "order")),
            item_id=pl.Series(goods.name[item]).cast(pl.String),
            quantity=pl.when(bought).then(1.0),
            unit_price=pl.when(bought).then(pl.Series(goods.price[item])),
        )
        .unique(["order_id", "item_id", "time"], keep="first")
        .sort("time", "customer_id", "item_id")
    )


def items_of(goods: Goods) -> pl.DataFrame:
    """The file of items: who has a taste shares its words."""
    place = np.arange(len(goods.share))
    taste = place // ITEMS_OF_A_TASTE
    table = pl.DataFrame({"name": goods.name, "taste": taste, "kind": place % 17, "surname": place % len(SURNAMES)})
    return table.select(
        item_id=pl.col("name").cast(pl.String),
        title=pl.concat_str(
            pl.col("surname").replace_strict(dict(enumerate(SURNAMES)), return_dtype=pl.String),
            pl.format("kind{} taste{} no {}", "kind", "taste", "name"), separator=" ",
        ),
        category=pl.format("department {}|taste {}", pl.col("taste") % DEPARTMENTS, "taste"),
    )  # fmt: skip


def write(folder: Path, items: int, customers: int, seed: int) -> tuple[Path, Path]:
    """Both files, the events first."""
    random = np.random.default_rng(seed)
    goods = goods_of(items, random)
    events, catalogue = folder / "events.parquet", folder / "items.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    events_of(lines_of(goods, customers, random), goods, random).write_parquet(events)
    items_of(goods).write_parquet(catalogue)
    return events, catalogue


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--customers", type=int, default=220_000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    write(asked.out, asked.items, asked.customers, asked.seed)


if __name__ == "__main__":
    main()
