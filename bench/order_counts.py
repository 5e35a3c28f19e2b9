"""What foretells how many orders come, beside the chance that one does: candidates, forward in time.

    python -m bench.order_counts --events F [--items I] [--preset P] [--as-of T] [--windows N] [--epochs E]

Everything is fitted anew before each of N windows of 90 days, BETWEEN apart, the last of which ends at T. Trees, linear
model and closed form share the chance equally, at the level that they say; what is *given one* says how many orders
come if one does. A model publishes `half linear, half closed form`. Each row has means over the windows, and window by
window by how much its deviance is lower than that of the closed form given one, with the standard error over customers.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import torch
from scipy.optimize import minimize
from scipy.special import gammaln
from sklearn.linear_model import PoissonRegressor

from admin.learning.data import TrainingData, training_data
from bench.history import history_parser
from events.history import Histories
from scoring.buying import HORIZON_DAYS
from scoring.networks.network import Network
from scoring.predictors import further_orders
from scoring.predictors.horizons import rhythm
from scoring.seen.actions import Floats, Integers, Pairs
from scoring.seen.blocks import PASSES, blocks
from scoring.seen.feature_registry import NAMES
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens, batch_of, lengths_of
from scoring.threads import limit_threads
from training.configuration import Configuration
from training.course import course_of, learn_members
from training.evaluating.baselines import closed_form
from training.material.labels import cutoffs_of, labels_of, questions
from training.material.preparation import Prepared, prepare, tokens_from
from training.metrics import deviance, mean_error, total_ratio
from training.predictors.boosting import foretold, grow
from training.predictors.further_orders import PENALTY, fit_further_orders
from training.predictors.speakers import speakers_of

OURS = "closed form, given one"
PUBLISHED = "half linear, half closed form"
BETWEEN = timedelta(days=35)
ROUNDS, SEED = 150, 0
boosted = partial(foretold, objective="poisson", rounds=ROUNDS, seed=SEED)
MOST_STATES, LEAST = 6000, 1e-5
"""Questions that the network's head learns from; expected orders where a candidate has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """P questions as everybody reads them, and how many orders came."""

    tokens: Tokens
    pairs: Pairs
    raw: Floats
    tabular: np.ndarray
    orders: Floats
    weight: Floats

    def some(self, places: Integers) -> "Asked":
        """Only those."""
        return Asked(
            tokens=self.tokens, pairs=self.pairs.some(places), raw=self.raw[places], tabular=self.tabular[places],
            orders=self.orders[places], weight=self.weight[places],
        )  # fmt: skip

    @property
    def rhythm(self) -> tuple[Floats, Floats]:
        """[P] orders after the first, and days since it."""
        _, age, _ = rhythm(self.raw)
        return np.maximum(self.raw[:, NAMES.index("orders")] - 1.0, 0.0), age


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Who bought in windows that are closed, what was learned from all of these, and who is asked about now."""

    prepared: Prepared
    network: Network
    buyers: Asked
    asked: Asked
    chance: Floats


def window_of(data: TrainingData, end: datetime, configuration: Configuration) -> Window:
    """The one that ends at a time."""
    with TemporaryDirectory() as folder:
        training = data.training(configuration, SEED)
        course = course_of(replace(training, as_of=end - timedelta(days=HORIZON_DAYS)), Path(folder))
        prepared = prepare(
            course.tokens, np.arange(course.customers), cutoffs_of(course.begin, course.as_of, course.remembering),
            begin=course.begin, until=course.as_of, configuration=course.remembering, seed=SEED,
            held_out_orders=np.zeros(len(course.tokens.actions.time), dtype=bool),
        )  # fmt: skip
        learned = learn_members(course, prepared, "fit", configuration.max_epochs, None)
    tokens = tokens_from(Histories.from_frame(data.events.filter(pl.col("time") < end)), course.catalogue)
    now = questions(tokens.actions, np.array([course.as_of]))
    asked = _asked(tokens, now, prepared, np.ones(len(now)))
    closed = prepared.examples.closed
    learnt = _asked(course.tokens, closed.pairs, prepared, closed.weight)
    trees = grow(prepared.examples, rounds=ROUNDS, seed=SEED)
    speakers = speakers_of(prepared, learned.start, trees, configuration, SEED)
    hazards = np.mean([each.hazards(asked.tabular) for each in speakers.values()], axis=0)
    return Window(
        prepared=prepared, network=learned.networks[0], asked=asked, buyers=learnt.some(np.flatnonzero(learnt.orders)),
        chance=-np.expm1(-np.logaddexp(0.0, hazards).sum(axis=1)),
    )  # fmt: skip


def _asked(tokens: Tokens, pairs: Pairs, prepared: Prepared, weight: Floats) -> Asked:
    raw = raw_features(tokens.actions, pairs, prepared.buying)
    return Asked(
        tokens=tokens, pairs=pairs, raw=raw, tabular=prepared.normaliser(raw), weight=weight,
        orders=labels_of(tokens.actions, pairs).orders,
    )  # fmt: skip


def expected(window: Window) -> Iterator[tuple[str, Floats]]:
    """[P] orders that each candidate expects."""
    asked, chance, buying = window.asked, window.chance, window.prepared.buying
    examples, (repeats, _) = window.prepared.examples, asked.rhythm
    closed, told = examples.closed, fit_further_orders(window.prepared, SEED)
    if told is None:
        raise SystemExit("too few orders before a window: give a longer history, or fewer windows")
    halves = {
        name: further_orders.further_orders(HORIZON_DAYS, asked.raw, asked.tabular, buying, each)
        for name, each in (
            ("half linear, half closed form of a life", replace(told, recent=np.zeros_like(told.recent))),
            (PUBLISHED, told),
        )
    }
    yield OURS, chance * (1.0 + further_orders.closed_form(HORIZON_DAYS, asked.raw, buying))
    yield "BG/NBD alone", closed_form(asked.raw, buying).orders
    yield (
        "boosted trees, all at once",
        boosted(closed.tabular, closed.labels.orders, closed.weight, asked.tabular),
    )
    yield "Poisson process at the chance", -np.log1p(-chance)
    shape = buying.r + repeats
    yield "negative binomial at the chance", shape * np.expm1(-np.log1p(-chance) / shape)
    yield "gamma-Poisson, given one", chance * truncated(*fit_truncated(window.buyers), *asked.rhythm)
    yield "linear, given one", chance * (1.0 + told.regression(asked.tabular))
    yield "boosted trees, given one", chance * (1.0 + trees_further(window))
    yield "head of the network, given one", chance * (1.0 + network_further(window))
    for name, half in halves.items():
        yield name, chance * (1.0 + half)


def trees_further(window: Window) -> Floats:
    """[P] orders after the first within the window, by gradient boosting."""
    buyers = window.buyers
    return boosted(buyers.tabular, buyers.orders - 1.0, buyers.weight, window.asked.tabular)


def network_further(window: Window) -> Floats:
    """Likewise, by one more head that is fitted on the state of the trained network and the features."""
    chosen = np.random.default_rng(SEED).permutation(len(window.buyers.orders))[:MOST_STATES]
    buyers = window.buyers.some(np.sort(chosen))
    known, now = (np.column_stack((states(window.network, each), each.tabular)) for each in (buyers, window.asked))
    fitted = PoissonRegressor(alpha=PENALTY, max_iter=500).fit(known, buyers.orders - 1.0, buyers.weight)
    return np.asarray(fitted.predict(now))


def states(network: Network, asked: Asked) -> Floats:
    """[P, D] of the query tokens, as the heads read them."""
    kept: list[torch.Tensor] = []
    hook = network.norm.register_forward_hook(lambda _module, _given, said: kept.append(said[:, 0]))
    places = list(blocks(lengths_of(asked.pairs), PASSES["cpu"]))
    with torch.inference_mode():
        for block in places:
            pairs, tabular = asked.pairs.some(block), asked.tabular[block, None]
            network(batch_of(asked.tokens, pairs.first, pairs.last, pairs.as_of[:, None], tabular), states=False)
    hook.remove()
    found = np.empty((len(asked.pairs), kept[0].shape[1]))
    found[np.concatenate(places)] = torch.cat(kept).numpy()
    return found


def truncated(r: float, alpha: float, repeats: Floats, age: Floats) -> Floats:
    """[P] mean of a zero-truncated negative binomial, a Gamma(r + repeats, alpha + age) rate over the window."""
    shape, reach = r + repeats, HORIZON_DAYS / (alpha + age)
    return shape * reach / -np.expm1(-shape * np.log1p(reach))


def fit_truncated(buyers: Asked) -> tuple[float, float]:
    """Its r and alpha by maximum likelihood."""
    repeats, age = buyers.rhythm
    count, weight = buyers.orders, buyers.weight / buyers.weight.sum()

    def loss(logs: Floats) -> float:
        r, alpha = np.exp(logs)
        shape, scale = r + repeats, alpha + age
        none = -shape * np.log1p(HORIZON_DAYS / scale)
        likelihood = gammaln(shape + count) - gammaln(shape) + none - count * np.log1p(scale / HORIZON_DAYS)
        return -float((weight * (likelihood - np.log(-np.expm1(none)))).sum())

    r, alpha = np.exp(minimize(loss, np.log([1.0, 60.0]), method="Nelder-Mead").x).tolist()
    return r, alpha


def rows(windows: Sequence[tuple[Floats, Mapping[str, Floats]]]) -> Iterator[dict[str, object]]:
    """Of what came, and what each candidate expected, in each window."""
    for name in windows[0][1]:
        found = [(came, said[name], said[OURS]) for came, said in windows]
        figures = {
            word: np.mean([figure(came, said) for came, said, _ in found])
            for word, figure in (("deviance", deviance), ("mae", mean_error), ("total_ratio", total_ratio))
        }
        yield {
            "candidate": name,
            **{word: round(float(value), 4) for word, value in figures.items()},
            "gain": [gain(*each) for each in found],
        }


def gain(came: Floats, said: Floats, ours: Floats) -> str:
    """Deviance of the closed form less that of a candidate, with its standard error."""
    said = np.maximum(said, LEAST)
    each = 2.0 * (came * np.log(said / ours) - (said - ours))
    return f"{each.mean():+.3f} ± {each.std() / np.sqrt(len(each)):.3f}"


def main() -> None:
    """Print a row of JSON for each candidate."""
    parser = history_parser(__doc__)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    chosen = parser.parse_args()
    limit_threads()
    data = training_data(chosen.events, chosen.items, chosen.preset, None, chosen.as_of)
    configuration = Configuration(max_epochs=chosen.epochs)
    windows = []
    for back in range(chosen.windows):
        window = window_of(data, data.as_of - back * BETWEEN, configuration)
        windows.append((window.asked.orders, dict(expected(window))))
    for row in rows(windows):
        print(json.dumps(row, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
