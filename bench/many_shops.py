"""The model beside baselines on many shops: on how many is one of them ahead beyond chance?

    python -m bench.many_shops [--events F [--preset P]] [--only NAME ...] [--json]

F holds Online Retail II; without it only generated shops are asked. Each is trained and asked as by `tierwise
evaluate`. Beside its baselines stands a LightGBM as one would write it down: two models of 31 leaves, to which all
windows that the model learns from count alike. A baseline is ahead, and has a star, where the interval (95 %, paired
bootstrap over customers) of the difference excludes 0. `mae` is of expected spend, `median_mae` of its median; both are
lowest where totals are low.
"""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from admin.learning.data import TrainingData, training_data
from admin.models.figures import LESS_IS_BETTER
from admin.shell.output import progress_bar
from bench.laws import LAWS, START, Law, events_of
from bench.parts import HIDDEN, PARTS, part_of
from events.event import CUSTOMER_SCHEMA, ITEM_SCHEMA
from scoring.networks.network import HORIZONS
from scoring.predictors.boosters import lightgbm
from scoring.seen.actions import Floats
from scoring.threads import limit_threads
from training.configuration import Configuration
from training.evaluating.comparison import OURS, Comparison, compare
from training.evaluating.evaluation import Foretold, foretell
from training.metrics import SLICED, Figure, gini, mean_error, spearman, total_ratio

SEED = 0
CHANCES: Mapping[str, Figure] = SLICED
AMOUNTS: Mapping[str, Figure] = {"gini": gini, "spearman": spearman, "mae": mean_error, "total_ratio": total_ratio}
MEDIANS: Mapping[str, Figure] = {"median_mae": mean_error}
JUDGED = ("auc", "gini", "log_loss", "ece", "spearman", "mae", "median_mae")
PLAIN = {
    "num_leaves": 31, "learning_rate": 0.03, "min_data_in_leaf": 50, "feature_fraction": 0.7, "bagging_fraction": 0.8,
    "bagging_freq": 1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1, "seed": 1,
}  # fmt: skip
TWEEDIE = {"objective": "tweedie", "tweedie_variance_power": 1.5}
ROUNDS, MINOR, WIDTH = 200, 100.0, 110

Said = tuple[Floats, Floats, Floats]
"""Chance of an order, expected spend and its median, [P] each."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A shop whose last window is hidden from whoever learns."""

    name: str
    real: bool
    made: Callable[[], TrainingData]
    """With the end of that window as its as-of time."""


def hidden(retail: TrainingData | None) -> Iterator[Hidden]:
    """All sets."""
    if retail is not None:
        known = replace(retail, events=retail.events.filter(pl.col("time") < HIDDEN))
        for name, (part, days) in PARTS.items():
            for day in days:
                begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
                yield Hidden(f"{name}, {day}", real=True, made=partial(_before, partial(part_of, known, part), begin))
    for law, (_, _, begins) in LAWS.items():
        for place in begins:
            begin = START + timedelta(days=place)
            name = law.__name__.replace("_", " ")
            yield Hidden(
                f"{name}, {begin:%Y-%m-%d}", real=False, made=partial(_before, partial(_generated, law), begin)
            )


def _before(made: Callable[[], TrainingData], begin: datetime) -> TrainingData:
    return replace(made(), as_of=begin + timedelta(days=HORIZONS[-1]))


def _generated(law: Law) -> TrainingData:
    events = events_of(law, SEED)
    seen = events.group_by("customer_id").agg(pl.col("time").min())
    nothing = ITEM_SCHEMA.to_frame(), CUSTOMER_SCHEMA.to_frame()
    return TrainingData(events=events, items=nothing[0], customers=nothing[1], seen=seen, as_of=START)


def judged(shop: Hidden) -> Comparison:
    """Of everybody known before the window."""
    with TemporaryDirectory() as folder:
        told = foretell(shop.made().training(Configuration(), SEED), Path(folder))
    labels, predictions = told.forward.labels, told.predictions
    said = {name: (made.purchase, made.spend / MINOR, made.median / MINOR) for name, made in predictions.items()}
    if (plain := lightgbms(told)) is not None:
        said["lightgbm"] = plain
    came = labels.bought, labels.spend / MINOR, labels.spend / MINOR
    parts = [
        compare(came[place], {name: each[place] for name, each in said.items()}, figures, seed=SEED)
        for place, figures in enumerate((CHANCES, AMOUNTS, MEDIANS))
    ]
    return parts[0].beside(parts[1]).beside(parts[2])


def lightgbms(told: Foretold) -> Said | None:
    """None where all or none bought."""
    closed = told.prepared.examples.closed
    known, labels, asked = closed.tabular, closed.labels, told.forward.tabular
    if labels.bought.min() == labels.bought.max():
        return None
    chance = lightgbm.train(PLAIN | {"objective": "binary"}, lightgbm.Dataset(known, labels.bought), ROUNDS)
    spend = lightgbm.train(PLAIN | TWEEDIE, lightgbm.Dataset(known, labels.spend / MINOR), ROUNDS).predict(asked)
    return np.asarray(chance.predict(asked)), np.asarray(spend), np.asarray(spend)


def ahead(found: Comparison, figure: str) -> list[str]:
    """Baselines that are so beyond chance."""
    sign = -1.0 if figure in LESS_IS_BETTER else 1.0
    intervals = {name: each[figure] for name, each in found.differences.items()}
    return [name for name, ends in intervals.items() if found.telling and max(sign * end for end in ends) < 0]


def row(shop: Hidden, found: Comparison) -> dict[str, object]:
    """For `--json`."""
    told = found.to_json()
    return {
        "shop": shop.name, "real": shop.real, "customers": found.customers, "figures": told["figures"],
        "differences": told["differences"], "ahead": {figure: ahead(found, figure) for figure in JUDGED},
    }  # fmt: skip


def shown(shop: Hidden, found: Comparison) -> Table:
    """For people: predictors beside one another, with a star where one is ahead."""
    table = Table("", title=f"{shop.name}: {found.customers:,} customers", box=SIMPLE)
    for word in found.figures[OURS]:
        table.add_column(word, justify="right", no_wrap=True)
    stars = {figure: ahead(found, figure) for figure in JUDGED}
    for name, figures in found.figures.items():
        cells = (f"{value:.4f}{'*' if name in stars.get(word, ()) else ' '}" for word, value in figures.items())
        table.add_row(name, *cells)
    return table


def behind(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Kind of shop to figure to the number of shops on which any baseline is ahead."""
    kinds = {"real": [each for each in rows if each["real"]], "generated": [each for each in rows if not each["real"]]}
    return {
        kind: {"shops": len(of)} | {figure: sum(bool(each["ahead"][figure]) for each in of) for figure in JUDGED}
        for kind, of in kinds.items()
        if of
    }


def main() -> None:
    """Print a table, or a row of JSON, for each shop as soon as it is there, and how often baselines are ahead."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path)
    parser.add_argument("--preset")
    parser.add_argument("--only", nargs="+", default=[""], help="Shops whose name begins so.")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    limit_threads()
    retail = None if asked.events is None else training_data(asked.events, None, asked.preset, None, None)
    shops = [shop for shop in hidden(retail) if shop.name.startswith(tuple(asked.only))]
    if not shops:
        parser.error(f"--only: no shop's name begins so; there are {', '.join(shop.name for shop in hidden(retail))}")
    rows, console = [], Console(width=WIDTH)
    with progress_bar() as bar:
        for shop in bar.track(shops, description="Shops"):
            found = judged(shop)
            rows.append(row(shop, found))
            bar.stop()  # While it runs, all that is printed is its own, and wrapped.
            if asked.json:
                print(json.dumps(rows[-1]), flush=True)
            else:
                console.print(shown(shop, found))
            bar.start()
    if asked.json:
        print(json.dumps(behind(rows)))
    else:
        table = Table("a baseline is ahead", "shops", *JUDGED, box=SIMPLE)
        for kind, counts in behind(rows).items():
            table.add_row(kind, *map(str, counts.values()))
        console.print(table)


if __name__ == "__main__":
    main()
