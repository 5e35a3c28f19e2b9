"""Events to what one fit needs: catalogue, tokens, questions, labels, feature statistics."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import logit

from events.event import EventType
from events.history import Histories
from scoring.buying import UNFITTED, BuyingModel
from scoring.networks.network import HORIZONS, SIGMA_LIMIT
from scoring.seen.actions import Actions, Floats, Integers, Pairs, actions_of
from scoring.seen.catalogue import Catalogue
from scoring.seen.features import raw_features
from scoring.seen.normalisation import Normaliser
from scoring.seen.sequence import Tokens, tokens_of
from training.belief import Belief, belief_of
from training.configuration import Configuration
from training.material.beginning import seen_since
from training.material.examples import Examples, examples_of, next_orders
from training.material.labels import LONGEST, SHORTEST, Labels, labels_of, open_cutoffs, questions, weights_at
from training.material.likeness import likeness
from training.material.selection import fit_normaliser
from training.material.silence import order_times
from training.rhythm import fit_buying

MOST_QUESTIONS = 400_000
"""Of one fit: bounds the memory of the features (600 bytes each)."""
YOUNG_OPEN_WEIGHT = 1.0
"""Of a question whose window is open, until closed ones tell of as many days as a window has: what those tell is of a
shop's first days, when nobody had lapsed yet."""
MOST_BELIEVED = 20_000
"""Customers of whom something is believed: enough for five parameters, and for what they look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a network learns from, and how its features were made."""

    examples: Examples
    buying: BuyingModel
    normaliser: Normaliser
    until: float
    """Nothing from here on was an input or a label."""
    belief: Belief | None = None
    """Of everybody at `until`; None where nothing is believed."""

    @property
    def customers(self) -> int:
        """Of whom something is asked."""
        return len(np.unique(self.examples.pairs.customer))

    @property
    def older(self) -> float:
        """How many times as old the shop is as at the latest question whose window is closed, in part at least."""
        begin, labels = self.buying.records_begin, self.examples.labels
        told = labels.closed if labels.closed.any() else labels.told > 0
        return (self.until - begin) / (float(self.examples.pairs.as_of[told].max()) - begin)

    @property
    def told(self) -> bool:
        """Whether it is known of any question what came, in a part of its window at least; else the belief is alone."""
        return bool(self.examples.weight.any())

    @property
    def closed(self) -> bool:
        """Whether all is known of any question."""
        return bool(self.examples.labels.closed.any())

    @property
    def of_closed(self) -> Self:
        """What closed windows tell: where all are open still nothing, so that the belief is alone."""
        if self.closed or not self.told:
            return self
        return replace(self, examples=replace(self.examples, weight=np.zeros(len(self.examples.pairs))))

    @property
    def told_of(self) -> Integers:
        """[H] of how many customers it is known what came in each interval."""
        customer, told = self.examples.pairs.customer, self.examples.labels.told
        return np.array([len(np.unique(customer[told > step])) for step in range(len(HORIZONS))])


def catalogue_of(events: pl.DataFrame, items: pl.DataFrame | None) -> Catalogue:
    """All items of the item file and of the events, sorted by id."""
    known = pl.DataFrame(schema={"item_id": pl.String, "title": pl.String, "category": pl.String})
    if items is not None:
        known = items.select("item_id", "title", "category").unique("item_id", keep="last")
    seen = events.select("item_id").filter(pl.col("item_id").is_not_null()).unique()
    table = seen.join(known, on="item_id", how="full", coalesce=True).sort("item_id")
    return Catalogue(tuple(table["item_id"]), tuple(table["title"]), tuple(table["category"]))


def tokens_from(histories: Histories, catalogue: Catalogue) -> Tokens:
    """Merged actions of all customers, ready to be cut into batches."""
    return tokens_of(actions_of(histories, catalogue))


def prepare(
    tokens: Tokens, customers: Integers, cutoffs: Floats, *,
    begin: float, until: float, held_out_orders: npt.NDArray[np.bool_], configuration: Configuration, seed: int,
) -> Prepared:  # fmt: skip
    """Questions of these customers at these cut-offs, and at later ones whose windows are open, where these count.

    Records begin at `begin`, which may be known by what came later. Nothing from the time `until` on is an input or a
    label.
    """
    actions = tokens.actions
    if cutoffs[-1] - begin < LONGEST:
        configuration = replace(configuration, open_weight=max(configuration.open_weight, YOUNG_OPEN_WEIGHT))
    later = open_cutoffs(cutoffs, until, configuration) if configuration.open_weight > 0 else ()
    pairs = at_most(questions(actions, np.append(cutoffs, later), customers), MOST_QUESTIONS, seed)
    now = at_most(questions(actions, np.array([until]), customers), MOST_BELIEVED, seed)
    # Closed windows are long ago; those of a shop that has none are not, and it needs all that there is.
    then = pairs.some(pairs.as_of == cutoffs[-1]) if cutoffs[-1] <= until - LONGEST else now
    rhythms = (asked.some(seen_since(begin, actions, asked)) for asked in (then, now))
    buying, latest = (
        replace(fit_buying(raw_features(actions, asked, UNFITTED)), records_begin=begin) for asked in rhythms
    )
    raw, present = (raw_features(actions, asked, buying) for asked in (pairs, now))
    normaliser = fit_normaliser(raw, seed=seed)
    end, labels = ends(actions, until), labels_of(actions, pairs, until=until)
    alike = likeness(raw, labels, pairs.as_of, order_times(actions), begin=begin, until=until)
    examples = examples_of(
        tokens, pairs, normaliser(raw), labels, weight=weights_of(pairs, until, configuration, alike), until=end,
        next_order=next_orders(actions, end, held_out_orders),
    )  # fmt: skip
    return Prepared(
        examples=examples, buying=buying, normaliser=normaliser, until=until,
        belief=belief_of(raw_features(actions, now, latest), normaliser(present), latest),
    )  # fmt: skip


def weights_of(pairs: Pairs, until: float, configuration: Configuration, alike: Floats | float = 1.0) -> Floats:
    """[P] how much each question counts in a fit that stands at `until`; 0 where nothing is told of any.

    Those whose windows are closed count 1 on average; where none is, those of whose windows a part is over. `alike` [P]
    is how much each counts by its season.
    """
    closed = pairs.as_of <= until - LONGEST
    if not closed.any():
        closed = pairs.as_of <= until - SHORTEST
    if not closed.any():
        return np.zeros(len(closed))
    weight = weights_at(pairs.as_of, float(pairs.as_of[closed].max()), until, configuration)
    weight = np.where(closed, weight, configuration.open_weight) * alike
    return np.asarray(weight / weight[closed].mean())


def at_most(pairs: Pairs, most: int, seed: int) -> Pairs:
    """A random part of the questions, in their order, where there are more than `most`."""
    if len(pairs) <= most:
        return pairs
    return pairs.some(np.sort(np.random.default_rng(seed).permutation(len(pairs))[:most]))


def ends(actions: Actions, until: float) -> Integers:
    """[C] one past each customer's last action before a time."""
    begin, stop = actions.offsets[:-1], actions.offsets[1:]
    counts = [actions.time[b:s].searchsorted(until) for b, s in zip(begin, stop, strict=True)]
    return begin + np.array(counts, dtype=np.int64)


def last_orders(actions: Actions) -> npt.NDArray[np.bool_]:
    """[A] true at each customer's last purchase, if there is an action before it: what recommendation is tuned on."""
    last = np.zeros(len(actions.time), dtype=bool)
    orders = np.flatnonzero(actions.kind == EventType.PURCHASE)
    owner = np.searchsorted(actions.offsets, orders, side="right") - 1
    final = orders[np.append(owner[1:] != owner[:-1], True)[: len(orders)]]
    last[final[final > actions.offsets[np.searchsorted(actions.offsets, final, side="right") - 1]]] = True
    return last


def base_rates(labels: Labels) -> Floats:
    """[H + 3] biases of the heads at which the network predicts the mean of the labels."""
    reached = [labels.reached(step) for step in range(len(HORIZONS))]
    hazards = [_rate((labels.interval == step)[at]) for step, at in enumerate(reached)]
    logs = np.log(np.maximum(labels.spend[labels.bought > 0], 1.0))
    mean, deviation = (float(logs.mean()), float(logs.std())) if len(logs) else (0.0, 1.0)
    deviation = float(np.clip(deviation, 0.2, SIGMA_LIMIT * 0.9))
    # The head's value passes through a soft cap, so the bias is that of the capped one turned back.
    spread = np.log(SIGMA_LIMIT) - np.log(np.expm1(np.log(SIGMA_LIMIT) - np.log(deviation)))
    return np.array(
        [
            *(logit(rate) for rate in hazards),
            mean,
            spread,
            logit(_rate(labels.silent[labels.interval == len(HORIZONS)])),
        ]
    )


def _rate(happened: npt.NDArray[np.generic]) -> float:
    """Share, kept off 0 and 1 by half a case."""
    return (float(happened.sum()) + 0.5) / (len(happened) + 1.0)
