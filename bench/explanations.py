"""Whether explanations are true of the model that they explain, and what they cost on one core.

    python -m bench.explanations --model M --events F [--items I] [--preset P] [--as-of T] [--customers N]

Parts are compared with leaving each out, and those of the networks with their integrated gradients (Spearman's
correlation over a customer's parts). The five events with the
largest effects of one direction are taken out of a history, beside five random ones, and both are scored anew; so are
the latest five, which an explanation tells one by one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from admin.learning.data import training_data
from bench.figures import Figure, publish
from bench.history import history_parser
from events.history import Histories
from scoring.reasons.event_effects import latest_actions, without
from scoring.score import EventEffect
from scoring.scorer import Scorer
from scoring.seen.actions import Integers
from scoring.threads import limit_threads
from training.evaluating.faithfulness import faithfulness

NAMED = 5
DRAWS = 10
"""Of five random events."""
FEWEST_ACTIONS = 2 * NAMED
"""Below which five random events are mostly the named ones."""
TIMED = 200
"""Customers."""
FAITHFUL = 0.8


def faithful(scorer: Scorer, customers: Histories, as_of: float) -> dict[str, Figure]:
    """Parts against leaving out, and those of the networks against integrated gradients."""
    found, figures = faithfulness(scorer, customers, as_of), {}
    for name, known in (("leaving out", found.left_out), ("integrated gradients", found.gradients)):
        figures[f"parts against {name}, median"] = Figure(value=float(np.median(known)), unit="Spearman")
        figures[f"parts against {name}, worst tenth"] = Figure(value=float(np.quantile(known, 0.1)), unit="Spearman")
        figures[f"{name}: customers with 0.8 or more"] = Figure(value=float((known >= FAITHFUL).mean()), unit="share")
    return figures


def deletion(scorer: Scorer, customers: Histories, as_of: float, seed: int) -> dict[str, Figure]:
    """How often leaving out the five named events moves a score more than five random ones do."""
    random, wins = np.random.default_rng(seed), []
    for history in singles(customers):
        _, seen = latest_actions(scorer.model, history, as_of)
        if len(seen) < FEWEST_ACTIONS:
            continue
        named = strongest(scorer.event_effects(history, as_of))
        drawn = [random.permutation(seen)[:NAMED] for _ in range(DRAWS)]
        wins.append(_moves(scorer, history, as_of, [named, seen[-NAMED:], *drawn]))
    by_effect, told, *others = np.array(wins).T
    chance = np.mean(others, axis=0)
    return {
        "customers judged by": Figure(value=len(wins), unit="customers"),
        "largest effects move more than random events": Figure(value=float((by_effect > chance).mean()), unit="share"),
        "the latest events move more than random ones": Figure(value=float((told > chance).mean()), unit="share"),
    }


def strongest(effects: Sequence[EventEffect]) -> Integers:
    """Actions of the five largest effects of one direction: what made the score high, or what made it low."""
    sides = [[each for each in effects if (each.logit > 0) is up][:NAMED] for up in (True, False)]
    best = max(sides, key=lambda side: abs(sum(each.logit for each in side)))
    return np.array([each.action for each in best], dtype=np.int64)


def _moves(scorer: Scorer, history: Histories, as_of: float, left_out: Sequence[Integers]) -> list[float]:
    actions, _ = latest_actions(scorer.model, history, as_of)
    many = Histories.joined([history, *(without(history, actions, some) for some in left_out)])
    whole, *rest = scorer.logits(many, np.full(len(many), as_of)).tolist()
    return [abs(whole - less) for less in rest]


def costs(scorer: Scorer, customers: Histories, as_of: float) -> dict[str, Figure]:
    """Milliseconds for one customer, p50: all of it, and what is not the networks' forward passes."""
    moment = np.full(1, as_of)
    asked: dict[str, Callable[[Histories], object]] = {
        "score": lambda one: scorer.score(one, moment),
        "score with its explanation": lambda one: scorer.explain(one, moment),
        "effects of single events": lambda one: scorer.event_effects(one, as_of),
        "contrasts": lambda one: scorer.contrasts(one, as_of, lambda score: score.purchase_90 > 1),
    }
    figures = {}
    for name, ask in asked.items():
        whole, rest = np.median(list(_timed(scorer, ask, customers)), axis=0).tolist()
        figures[name] = Figure(value=whole, unit="ms, p50")
        figures[f"{name}, besides the network"] = Figure(value=rest, unit="ms, p50")
    return figures


def _timed(scorer: Scorer, ask: Callable[[Histories], object], customers: Histories) -> Iterator[tuple[float, float]]:
    """Milliseconds of each customer: in all, and outside the networks."""
    inside, began = 0.0, 0.0

    def enter(*_: object) -> None:
        nonlocal began
        began = time.perf_counter()

    def leave(*_: object) -> None:
        nonlocal inside
        inside += time.perf_counter() - began

    hooks = [
        handle
        for network in scorer.model.networks
        for handle in (network.register_forward_pre_hook(enter), network.register_forward_hook(leave))
    ]
    for one in singles(customers):
        inside, start = 0.0, time.perf_counter()
        ask(one)
        whole = time.perf_counter() - start
        yield 1000 * whole, 1000 * (whole - inside)
    for hook in hooks:
        hook.remove()


def singles(customers: Histories) -> list[Histories]:
    """Each alone."""
    return [customers.some(place, place + 1) for place in range(len(customers))]


def main() -> None:
    """Print a table, and write build/bench/explanations.json."""
    parser = history_parser(__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    limit_threads()
    data = training_data(asked.events, asked.items, asked.preset, None, asked.as_of)
    scorer, as_of = Scorer.load(asked.model), data.as_of.timestamp()
    ids = (
        data.events.filter(pl.col("time") < data.as_of)["customer_id"]
        .unique()
        .sort()
        .sample(asked.customers, seed=asked.seed, shuffle=True)
        .to_list()
    )
    customers = Histories.from_frame(data.events, ids)
    figures = faithful(scorer, customers, as_of) | deletion(scorer, customers, as_of, asked.seed)
    publish("explanations", figures | costs(scorer, customers.some(0, min(TIMED, len(customers))), as_of))


if __name__ == "__main__":
    main()
