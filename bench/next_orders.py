"""Does somebody's next order hold what was recommended? Beside what is popular, what they bought most, and neighbours.

    python -m bench.next_orders --events F --model M --as-of T [--items I] [--preset P]

The model was trained as of T. Asked is of whom T is not the first sight, and who orders after it: the first order then,
of 5,000 customers at most. Nobody is there at T; what the blend of visits alone would say stands beside it. A Markov
chain goes from an order to the next one; item-kNN and EASE are of sets of items.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from scipy import sparse

from bench.history import history_and_model
from events.event import EventType
from events.history import Histories
from scoring.ranking import top
from scoring.scorer import Scorer
from scoring.seen.actions import Floats, Integers

CUT = 10
BLOCK = 64
MOST_ASKED = 5000
MONTH = 30.0
"""Days after which an order counts 1/e for popularity."""
LONGEST = 1000
"""Different items of a customer, above which neighbours are not counted by them: the pairs grow with the square."""
EASE_ITEMS, RIDGE = 8000, 500.0
"""EASE (Steck 2019) inverts a matrix of all items; of larger catalogues it is left out."""
RESAMPLES = 300
MANY = 10
"""Orders of a customer."""

Rival = Callable[[Integers], Floats]
"""[n, items] scores of n customers by number; -1 for of whom nothing is known."""


def rivals(orders: pl.DataFrame, as_of: float, customers: list[str], items: list[str]) -> Iterator[tuple[str, Rival]]:
    """Each learns from orders before T."""
    place = {name: i for i, name in enumerate(customers)}, {name: i for i, name in enumerate(items)}
    orders = orders.sort("customer_id", "time", "event_id")
    who = orders["customer_id"].replace_strict(place[0], return_dtype=pl.Int64).to_numpy()
    what = orders["item_id"].replace_strict(place[1], return_dtype=pl.Int64).to_numpy()
    days = (as_of - orders["time"].dt.timestamp("us").to_numpy() / 1e6) / 86_400
    lately = np.bincount(what, np.exp(-days / MONTH), minlength=len(items))
    little = lately / lately.max() * 1e-6
    counts = sparse.csr_matrix((np.ones(len(who)), (who, what)), shape=(len(customers), len(items)))
    bought, ordinary = counts.sign(), np.diff(counts.indptr) <= LONGEST

    def of(table: sparse.csr_matrix, weights: sparse.csr_matrix | Floats | None = None) -> Rival:
        def scores(rows: Integers) -> Floats:
            known = table[np.maximum(rows, 0)]
            said = known if weights is None else known @ weights
            dense = np.asarray(said.toarray() if sparse.issparse(said) else said, dtype=np.float64)
            return np.asarray(dense * (rows >= 0)[:, None] + little)

        return scores

    yield "popular", lambda rows: np.repeat(lately[None], len(rows), axis=0)
    yield "bought most", of(counts)
    alike = _without_diagonal(bought[ordinary].T @ bought[ordinary])
    length = sparse.diags_array(1 / np.sqrt(np.maximum(np.asarray(bought.sum(axis=0)).ravel(), 1)))
    yield "item-kNN", of(bought, sparse.csr_matrix(length @ alike @ length))
    time = orders["time"].dt.timestamp("us").to_numpy()
    action = np.cumsum(np.append(True, (np.diff(who) != 0) | (np.diff(time) != 0))) - 1
    held = sparse.csr_matrix((np.ones(len(what)), (action, what)), shape=(action[-1] + 1, len(items))).sign()
    owner = who[np.append(True, np.diff(action) > 0)]
    next_one = sparse.diags_array((owner[1:] == owner[:-1]).astype(float))
    chain = sparse.csr_matrix(length @ (held[:-1].T @ (next_one @ held[1:])) @ length)
    latest = held[np.searchsorted(owner, np.arange(len(customers)), side="right") - 1]
    yield "Markov chain", of(latest, chain)
    if len(items) <= EASE_ITEMS:
        inverse = np.linalg.inv((bought.T @ bought).toarray() + RIDGE * np.eye(len(items)))
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        yield "EASE", of(bought, weights)


def _without_diagonal(table: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.csr_matrix(table - sparse.diags_array(table.diagonal()))


def ndcg(lists: list[list[str]], wanted: list[set[str]]) -> Floats:
    """Of each customer, of the best-placed item wanted."""
    found = [[rank for rank, item in enumerate(one) if item in some] for one, some in zip(lists, wanted, strict=True)]
    return np.array([1 / np.log2(ranks[0] + 2) if ranks else 0.0 for ranks in found])


def main() -> None:
    """Print a row of JSON for each, by slice: hit rate and NDCG at 10, and the interval of the model's less it."""
    data, scorer = history_and_model(__doc__)
    orders = data.events.filter((pl.col("event_type") == EventType.PURCHASE) & pl.col("item_id").is_not_null())
    known, later = data.events.filter(pl.col("time") < data.as_of), orders.filter(pl.col("time") >= data.as_of)
    later = later.join(known.select("customer_id").unique(), on="customer_id", how="semi")
    first = later.filter(pl.col("time") == pl.col("time").min().over("customer_id"))
    wanted = dict(first.group_by("customer_id").agg("item_id").sort("customer_id").iter_rows())
    some = np.sort(np.random.default_rng(0).permutation(len(wanted))[:MOST_ASKED])
    customers, as_of = [list(wanted)[place] for place in some.tolist()], data.as_of.timestamp()
    truth = [set(wanted[one]) for one in customers]
    scorers = {"model": scorer}
    if scorer.model.ahead is not None:
        scorers["the blend of visits"] = Scorer(replace(scorer.model, ahead=None))
    lists: dict[str, list[list[str]]] = {name: [] for name in scorers}
    for start in range(0, len(customers), BLOCK):
        block = Histories.from_frame(known, customers[start : start + BLOCK])
        for name, each in scorers.items():
            found = each.recommend(block, np.full(len(block), as_of), count=CUT)
            lists[name] += [[item.item_id for item in one] for one in found]
    before = orders.filter(pl.col("time") < data.as_of)
    everybody, items = sorted(before["customer_id"].unique()), sorted(before["item_id"].unique())
    place = {name: i for i, name in enumerate(everybody)}
    rows = np.array([place.get(one, -1) for one in customers])
    for name, scores in rivals(before, as_of, everybody, items):
        blocks = (scores(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK))
        lists[name] = [[items[number] for number in top(each, CUT)] for block in blocks for each in block]
    visits = dict(before.group_by("customer_id").agg(pl.col("time").n_unique()).iter_rows())
    count = np.array([visits.get(one, 0) for one in customers])
    slices = {"all": count >= 0, "no order": count == 0, "one order": count == 1, "more": (count > 1) & (count < MANY)}
    gains = {name: ndcg(chosen, truth) for name, chosen in lists.items()}
    for part, mask in (slices | {"many orders": count >= MANY}).items():
        if mask.any():
            tell(part, {name: gain[mask] for name, gain in gains.items()})


def tell(part: str, gains: dict[str, Floats]) -> None:
    """Print what each gained [n] of a slice, and how far apart it is from the model."""
    count = len(gains["model"])
    random = np.random.default_rng(0).integers(0, count, (RESAMPLES, count))
    for name, theirs in gains.items():
        row: dict[str, object] = {"of": part, "customers": count, "recommended": name}
        for figure, mine, other in (
            ("hit_rate_10", gains["model"] > 0, theirs > 0), ("ndcg_10", gains["model"], theirs),
        ):  # fmt: skip
            apart = (mine.astype(float) - other)[random].mean(axis=1)
            row[figure] = round(float(other.mean()), 4)
            row[f"{figure}_model_less_it"] = np.quantile(apart, (0.025, 0.975)).round(4).tolist()
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
