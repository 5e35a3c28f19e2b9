"""What choosing whom to learn of is worth: a model from few labels, chosen at random or by what they would tell.

    python -m bench.labels --events F [--items I] [--preset P] [--as-of T] [--rounds N]

A logistic regression on the features learns from some customers' windows and is judged on the window after them.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from admin.learning.data import training_data
from bench.figures import Figure, publish
from bench.history import history_parser
from events.history import Histories
from scoring.seen.actions import Floats, Integers
from scoring.seen.features import raw_features
from scoring.threads import limit_threads
from training.acquisition import next_to_learn_of
from training.configuration import Configuration
from training.material.beginning import records_begin
from training.material.labels import LONGEST, labels_of, questions
from training.material.preparation import catalogue_of, prepare, tokens_from
from training.metrics import auc

SHARES = (0.01, 0.1)
STEPS = 5
"""In which the labels are asked for: the first at random, and a model is fitted after each."""
STRENGTH = 0.01


class Shop:
    """Features and outcomes of one closed window, and of the one after it."""

    def __init__(self, events: Path, items: Path | None, preset: str | None, as_of: str | None) -> None:
        data = training_data(events, items, preset, None, as_of)
        tokens = tokens_from(Histories.from_frame(data.events), catalogue_of(data.events, data.items))
        after, before = data.as_of.timestamp() - LONGEST, data.as_of.timestamp() - 2 * LONGEST
        nobody = np.zeros(len(tokens.actions.time), dtype=bool)
        prepared = prepare(
            tokens, np.arange(len(tokens.actions.offsets) - 1), np.array([before]),
            begin=records_begin(tokens.actions.histories, after), until=after, held_out_orders=nobody,
            configuration=Configuration(), seed=0,
        )  # fmt: skip
        pairs = questions(tokens.actions, np.array([after]))
        self.tabular, self.bought = prepared.examples.tabular, prepared.examples.labels.bought
        self.asked = prepared.normaliser(raw_features(tokens.actions, pairs, prepared.buying))
        self.came = labels_of(tokens.actions, pairs).bought

    def judged(self, known: npt.NDArray[np.bool_]) -> float:
        """AUC on the later window of a model that knows some outcomes of the earlier one."""
        return auc(self.came, self.chances(known, self.asked))

    def chances(self, known: npt.NDArray[np.bool_], tabular: npt.NDArray[np.float32]) -> Floats:
        """One half for everybody, as long as all outcomes that are known are alike."""
        bought = self.bought[known]
        if len(bought) == 0 or bought.min() == bought.max():
            return np.full(len(tabular), 0.5)
        fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit(self.tabular[known], bought)
        return np.asarray(fitted.predict_proba(tabular)[:, 1], dtype=np.float64)


def at_random(shop: Shop, count: int, seed: int) -> float:
    """AUC from so many labels of anybody."""
    return shop.judged(_marked(len(shop.bought), np.random.default_rng(seed).permutation(len(shop.bought))[:count]))


def by_what_they_tell(shop: Shop, count: int, seed: int) -> float:
    """AUC from so many labels, each step chosen by the model of the steps before."""
    size = len(shop.bought)
    steps = np.array_split(np.arange(count), min(STEPS, count))
    known = _marked(size, np.random.default_rng(seed).permutation(size)[: len(steps[0])])
    for step in steps[1:]:
        known[next_to_learn_of(shop.tabular, shop.chances(known, shop.tabular), known, len(step))] = True
    return shop.judged(known)


def interval(gains: Floats) -> tuple[float, float]:
    """Of 95 %, around the mean over rounds."""
    error = 1.96 * float(gains.std(ddof=1)) / len(gains) ** 0.5
    return float(gains.mean()) - error, float(gains.mean()) + error


def _marked(size: int, places: Integers) -> npt.NDArray[np.bool_]:
    marked = np.zeros(size, dtype=bool)
    marked[places] = True
    return marked


def main() -> None:
    """Print a table, and write build/bench/labels.json."""
    parser = history_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    limit_threads()
    shop = Shop(asked.events, asked.items, asked.preset, asked.as_of)
    everybody = np.ones(len(shop.bought), dtype=bool)
    figures = {f"all labels ({len(everybody)})": Figure(value=shop.judged(everybody), unit="AUC")}
    for share in SHARES:
        count = round(share * len(everybody))
        random, chosen = (
            np.array([choose(shop, count, seed) for seed in range(asked.rounds)])
            for choose in (at_random, by_what_they_tell)
        )
        name = f"{share:.0%} of labels ({count})"
        figures[f"{name}, at random"] = Figure(value=float(random.mean()), unit="AUC")
        figures[f"{name}, by what they tell"] = Figure(value=float(chosen.mean()), unit="AUC")
        low, high = interval(chosen - random)
        figures[f"{name}, gain from"] = Figure(value=low, unit="AUC")
        figures[f"{name}, gain to"] = Figure(value=high, unit="AUC")
    publish("labels", figures, notes=[f"means of {asked.rounds} rounds"])


if __name__ == "__main__":
    main()
