"""How well a simulated shop can be foretold at all, and how near predictions come to it.

    python -m bench.ceiling --shop FOLDER [--predictions P.parquet] [--customers N] [--hypotheses K]

FOLDER is what `tierwise simulate` wrote, P what `tierwise predict` did. A row of JSON each, AUC and log loss of an
order within 90 days: by the hidden state and traits, which nobody sees; by all that events tell of them
(`simulator.filtering`); by the predictions. With the last come intervals of the second row less the third (95 %, paired
bootstrap over customers).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl

from events.event import EventType
from scoring.seen.actions import Floats
from scoring.threads import limit_threads
from simulator.evidence import evidence_of
from simulator.filtering import foretell
from simulator.shop import Shop
from training.metrics import auc, log_loss

RESAMPLES, SEED = 400, 0


def shop_of(folder: Path, customers: int) -> Shop:
    """The shop as its files tell of it: its first day, and how many before the future."""
    start, as_of = (
        pl.read_parquet(folder / f"{name}.parquet", columns=["time"])
        .select(pl.col("time").min().dt.truncate("1d"))
        .item()
        for name in ("events", "future")
    )
    return Shop(customers=customers, seed=SEED, start=start, days=(as_of - start).days)


def figures(bought: Floats, chance: Floats) -> dict[str, float]:
    """Rounded."""
    return {"auc": round(auc(bought, chance), 4), "log_loss": round(log_loss(bought, chance), 4)}


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--customers", type=int, default=3000, help="the first so many")
    parser.add_argument("--hypotheses", type=int, default=400)
    options = parser.parse_args()
    limit_threads()
    events, items, truth, future = (
        pl.read_parquet(options.shop / f"{name}.parquet") for name in ("events", "items", "truth", "future")
    )
    asked = truth.head(options.customers)
    buyers = future.filter(pl.col("event_type") == EventType.PURCHASE)["customer_id"].unique()
    bought = asked["customer_id"].is_in(buyers.implode()).to_numpy().astype(np.float64)
    shop = shop_of(options.shop, len(truth))
    told = foretell(
        shop, evidence_of(shop, events, items, asked["customer_id"]), hypotheses=options.hypotheses, seed=SEED
    )
    state = asked["purchase_probability"].to_numpy()
    print(json.dumps({"by": "hidden state", "customers": len(asked)} | figures(bought, state)))
    effective = round(float(np.median(told.hypotheses)), 1)
    print(json.dumps({"by": "events", "hypotheses": effective} | figures(bought, told.purchase)))
    if options.predictions is not None:
        given = pl.read_parquet(options.predictions).select("customer_id", "purchase_probability")
        chance = asked.select("customer_id").join(given, on="customer_id", how="left", maintain_order="left")
        ours = chance["purchase_probability"].to_numpy()
        apart = [
            [auc(bought[some], told.purchase[some]) - auc(bought[some], ours[some]),
             log_loss(bought[some], told.purchase[some]) - log_loss(bought[some], ours[some])]
            for some in np.random.default_rng(SEED).integers(0, len(asked), (RESAMPLES, len(asked)))
        ]  # fmt: skip
        low, high = np.quantile(apart, (0.025, 0.975), axis=0).round(4).tolist()
        less = {"auc_below": [low[0], high[0]], "log_loss_below": [low[1], high[1]]}
        print(json.dumps({"by": "predictions"} | figures(bought, ours) | less))


if __name__ == "__main__":
    main()
