"""Does a list beside a guest's basket hold the last line of the order? Of first orders after T, in the file's order.

    python -m bench.baskets --events F --model M --as-of T [--items I] [--preset P]

The model was trained as of T and never saw these customers, nor is it told who they are.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from bench.history import history_and_model
from bench.next_orders import CUT, ndcg, tell
from events.event import EVENT_SCHEMA, EventType
from events.history import Histories
from scoring.score import Strategy
from scoring.scorer import Scorer

BLOCK = 64
Baskets = list[tuple[list[str], str]]
"""What lies in each, latest last, and what comes next."""


def main() -> None:
    """Print a row of JSON for each way to answer, by what is known of the basket."""
    data, scorer = history_and_model(__doc__)
    known = data.events.filter(pl.col("time") < data.as_of)
    orders = data.events.join(known.select("customer_id").unique(), on="customer_id", how="anti")
    orders = orders.filter((pl.col("event_type") == EventType.PURCHASE) & pl.col("item_id").is_not_null())
    orders = orders.filter(pl.col("order_id") == pl.col("order_id").sort_by("time").first().over("customer_id"))
    lines = orders.unique(["customer_id", "item_id"], keep="first", maintain_order=True)
    baskets = [
        items for (items,) in lines.group_by("customer_id", maintain_order=True).agg("item_id")[:, 1:].iter_rows()
    ]
    whole = [(items[:-1], items[-1]) for items in baskets if len(items) > 1]
    usual = Scorer(replace(scorer.model, newcomers=None))
    for part, asked in {"all before": whole, "the line before": [(items[-1:], last) for items, last in whole]}.items():
        wanted = [{last} for _, last in asked]
        lists = {"model": _lists(scorer, asked), "with the blend of customers": _lists(usual, asked)}
        lists |= {
            each.value: _lists(scorer, asked, each) for each in (Strategy.TOGETHER, Strategy.CONTENT, Strategy.POPULAR)
        }
        tell(part, {name: ndcg(found, wanted) for name, found in lists.items()})


def _lists(scorer: Scorer, asked: Baskets, strategy: Strategy = Strategy.HYBRID) -> list[list[str]]:
    nobody, lists = EVENT_SCHEMA.to_frame(), []
    for start in range(0, len(asked), BLOCK):
        some = asked[start : start + BLOCK]
        guests = Histories.from_frame(nobody, [str(number) for number in range(len(some))])
        baskets = [items for items, _ in some]
        found = scorer.recommend(
            guests, np.zeros(len(some)), count=CUT, strategy=strategy, context_items=baskets,
            exclude=[frozenset(items) for items in baskets],
        )  # fmt: skip
        lists += [[item.item_id for item in one] for one in found]
    return lists


if __name__ == "__main__":
    main()
