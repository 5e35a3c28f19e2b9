"""Does somebody's next order hold what was recommended? Beside what is popular, what they bought most, and item-kNN.

    python -m bench.next_orders --events F --model M --as-of T [--items I] [--preset P]

The model was trained as of T. Asked is of whom T is not the first sight, and who orders after it: the first order then.
"""

import json
from collections.abc import Iterator

import numpy as np
import polars as pl
from scipy import sparse

from bench.history import history_and_model
from events.event import EventType
from events.history import Histories
from scoring.ranking import top
from scoring.seen.actions import Floats

CUT = 10
BLOCK = 256
MONTH = 30.0
"""Days after which an order counts 1/e for popularity."""
RESAMPLES = 300


def rivals(orders: pl.DataFrame, as_of: float, customers: list[str], items: list[str]) -> Iterator[tuple[str, Floats]]:
    """[customers, items] scores of each, from orders before T."""
    place = {name: i for i, name in enumerate(customers)}, {name: i for i, name in enumerate(items)}
    who = orders["customer_id"].replace_strict(place[0]).to_numpy()
    what = orders["item_id"].replace_strict(place[1]).to_numpy()
    days = (as_of - orders["time"].dt.timestamp("us").to_numpy() / 1e6) / 86_400
    lately = np.bincount(what, np.exp(-days / MONTH), minlength=len(items))
    counts = sparse.csr_matrix((np.ones(len(who)), (who, what)), shape=(len(customers), len(items)))
    bought = counts.sign()
    alike = sparse.lil_matrix(bought.T @ bought)
    alike.setdiag(0)
    length = sparse.diags_array(1 / np.sqrt(np.maximum(np.asarray(bought.sum(axis=0)).ravel(), 1)))
    little = lately / lately.max() * 1e-6
    yield "popular", np.repeat(lately[None], len(customers), axis=0)
    yield "bought most", counts.toarray() + little
    yield "item-kNN", (bought @ (length @ sparse.csr_matrix(alike) @ length)).toarray() + little


def ndcg(lists: list[list[str]], wanted: list[set[str]]) -> Floats:
    """Of each customer, of the best-placed item wanted."""
    found = [[rank for rank, item in enumerate(one) if item in some] for one, some in zip(lists, wanted, strict=True)]
    return np.array([1 / np.log2(ranks[0] + 2) if ranks else 0.0 for ranks in found])


def main() -> None:
    """Print a row of JSON for each: hit rate and NDCG at 10, and the interval of the model's NDCG less it."""
    data, scorer = history_and_model(__doc__)
    orders = data.events.filter((pl.col("event_type") == EventType.PURCHASE) & pl.col("item_id").is_not_null())
    known, later = data.events.filter(pl.col("time") < data.as_of), orders.filter(pl.col("time") >= data.as_of)
    later = later.join(known.select("customer_id").unique(), on="customer_id", how="semi")
    first = later.filter(pl.col("time") == pl.col("time").min().over("customer_id"))
    wanted = dict(first.group_by("customer_id").agg("item_id").sort("customer_id").iter_rows())
    customers, as_of = list(wanted), data.as_of.timestamp()
    truth = [set(some) for some in wanted.values()]
    lists: dict[str, list[list[str]]] = {"model": []}
    for start in range(0, len(customers), BLOCK):
        some = Histories.from_frame(known, customers[start : start + BLOCK])
        found = scorer.recommend(some, np.full(len(some), as_of), count=CUT)
        lists["model"] += [[item.item_id for item in one] for one in found]
    before = orders.filter(pl.col("time") < data.as_of)
    everybody, items = sorted(before["customer_id"].unique()), sorted(before["item_id"].unique())
    place = {name: i for i, name in enumerate(everybody)}
    for name, scores in rivals(before, as_of, everybody, items):
        nobody = scores[:0].sum(axis=0)
        own = (scores[place[one]] if one in place else nobody for one in customers)
        lists[name] = [[items[number] for number in top(each, CUT)] for each in own]
    random = np.random.default_rng(0).integers(0, len(customers), (RESAMPLES, len(customers)))
    ours = ndcg(lists["model"], truth)
    for name, chosen in lists.items():
        theirs = ndcg(chosen, truth)
        apart = np.quantile((ours - theirs)[random].mean(axis=1), (0.025, 0.975)).round(4).tolist()
        row = {"recommended": name, "customers": len(customers), "hit_rate_10": round(float((theirs > 0).mean()), 4)}
        print(json.dumps(row | {"ndcg_10": round(float(theirs.mean()), 4), "model_less_it": apart}), flush=True)


if __name__ == "__main__":
    main()
