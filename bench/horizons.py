"""How well chances of an order hold at horizons between and beyond those that the network answers for.

    python -m bench.horizons --events F --model M --as-of T [--preset P]

The model was trained as of T. Every row is one horizon that is over by the end of the events: of those who had ordered
by T, the model's chances and the closed form's alone.
"""

import json
from datetime import timedelta

import numpy as np
import polars as pl

from bench.history import history_and_model
from events.event import EventType
from events.history import Histories
from scoring.predictors.horizons import log_no_order, purchase_within
from scoring.scorer import Scorer
from scoring.seen.actions import Floats, actions_of, pairs_of
from scoring.seen.features import raw_features
from training.metrics import auc, calibration_error, log_loss

DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365)


def figures(bought: Floats, chance: Floats) -> dict[str, float]:
    """Of one forecast at one horizon."""
    return {
        "auc": round(auc(bought, chance), 4), "log_loss": round(log_loss(bought, chance), 4),
        "ece": round(calibration_error(bought, chance), 4), "mean": round(float(chance.mean()), 4),
    }  # fmt: skip


def raw_of(scorer: Scorer, histories: Histories, as_of: Floats) -> Floats:
    """[C, F] raw features."""
    actions = actions_of(histories, scorer.model.catalogue)
    return raw_features(actions, pairs_of(actions, np.arange(len(histories)), as_of), scorer.model.buying)


def main() -> None:
    """Print a row of JSON for each horizon."""
    data, scorer = history_and_model(__doc__)
    orders = data.events.filter(pl.col("event_type") == EventType.PURCHASE)
    known = data.events.filter(pl.col("time") < data.as_of)
    buyers = orders.filter(pl.col("time") < data.as_of)["customer_id"].unique().to_list()
    histories = Histories.from_frame(known, sorted(buyers))
    as_of = np.full(len(histories), data.as_of.timestamp())
    scores, raw = scorer.score(histories, as_of), raw_of(scorer, histories, as_of)
    purchase = np.array([(score.purchase_30, score.purchase_60, score.purchase_90) for score in scores])
    buying = scorer.model.buying
    last = data.events.select(pl.col("time").max()).item()
    for days in DAYS:
        end = data.as_of + timedelta(days=days)
        if end > last:
            break
        came = orders.filter(pl.col("time").is_between(data.as_of, end, closed="left"))["customer_id"].unique()
        bought = np.isin(histories.customer_ids, came.to_numpy()).astype(float)
        row: dict[str, object] = {"days": days, "bought": round(float(bought.mean()), 4)}
        row |= {"model": figures(bought, purchase_within(days, purchase, raw, buying))}
        row |= {"closed_form": figures(bought, -np.expm1(log_no_order(days, raw, buying)))}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
