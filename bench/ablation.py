"""What each part of the answer is worth: the last window, that is kept back, foretold by one part and by all but one.

    python -m bench.ablation --events F [--items I] [--preset P] [--as-of T] [--epochs N]

Every row has its figures, and the interval of the whole less it (95 %, paired bootstrap over customers).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from admin.learning.data import TrainingData, training_data
from bench.history import history_parser
from events.history import Histories
from scoring.answers import Outlook, ask, outlook_of
from scoring.mixture import Mixture, Predictor, Shares
from scoring.model import Model
from scoring.networks.network import HORIZONS
from scoring.seen.actions import Floats, Pairs
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens
from scoring.threads import limit_threads
from training.configuration import Configuration
from training.evaluating.comparison import OURS, Comparison, compare
from training.fit import fit
from training.material.labels import labels_of, questions
from training.material.preparation import tokens_from
from training.metrics import SLICED, Figure, gini

AMOUNTS: Mapping[str, Figure] = {"gini": gini}
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everybody known when the window begins, and the window."""

    tokens: Tokens
    pairs: Pairs
    bought: Floats
    spend: Floats


def mixtures(mixture: Mixture) -> Iterator[tuple[str, Mixture]]:
    """Each predictor that has a share alone, and all but each."""
    speaking = [name for name in Predictor if name in mixture.purchase or name in mixture.spend]
    for name in speaking:
        yield f"{name} alone", replace(mixture, purchase={name: 1.0}, spend={name: 1.0})
    for name in speaking:
        purchase, spend = without(mixture.purchase, name), without(mixture.spend, name)
        yield f"without {name}", replace(mixture, purchase=purchase, spend=spend)


def without(shares: Shares, left_out: Predictor) -> Shares:
    """The others in their proportions; as they are where nobody else speaks."""
    others = {name: share for name, share in shares.items() if name != left_out}
    return {name: share / sum(others.values()) for name, share in others.items()} or shares


def outlooks(model: Model, asked: Asked) -> Iterator[tuple[str, Outlook]]:
    """What the model says, what its parts say, and what it says without a season."""
    pairs, calibration = asked.pairs, model.calibration
    tabular = model.normaliser(raw_features(asked.tokens.actions, pairs, model.buying))
    networks = ask(model.networks, asked.tokens, pairs, tabular, torch.device("cpu"))
    whole = model.mixture.mixed(networks, tabular)
    yield OURS, outlook_of(whole, calibration, pairs.as_of)
    for name, mixture in mixtures(model.mixture):
        yield name, outlook_of(mixture.mixed(networks, tabular), calibration, pairs.as_of)
    yield "without seasons", outlook_of(whole, replace(calibration, seasons=()), pairs.as_of)


def ablated(data: TrainingData, configuration: Configuration) -> Iterator[dict[str, object]]:
    """A row for each variant."""
    cutoff = data.as_of - timedelta(days=HORIZONS[-1])
    variants: dict[str, Outlook] = {}
    for suffix, fitted in (("", configuration), (", one cut-off", replace(configuration, cutoffs=1))):
        with TemporaryDirectory() as folder:
            model = fit(replace(data.training(fitted, SEED), as_of=cutoff), Path(folder))
        asked = _asked(data, model, cutoff.timestamp())
        found = dict(outlooks(model, asked))
        variants |= found if not suffix else {f"whole{suffix}": found[OURS]}
    chances = compare(asked.bought, {name: each.purchase[:, -1] for name, each in variants.items()}, SLICED, seed=SEED)
    amounts = compare(asked.spend, {name: each.spend for name, each in variants.items()}, AMOUNTS, seed=SEED)
    for name in variants:
        yield {"variant": name, **_row(name, chances), **_row(name, amounts)}


def _asked(data: TrainingData, model: Model, cutoff: float) -> Asked:
    known = data.events.filter(data.events["time"] < data.as_of)
    tokens = tokens_from(Histories.from_frame(known), model.catalogue)
    pairs = questions(tokens.actions, np.array([cutoff]))
    labels = labels_of(tokens.actions, pairs)
    return Asked(tokens=tokens, pairs=pairs, bought=labels.bought, spend=labels.spend)


def _row(name: str, found: Comparison) -> dict[str, object]:
    figures: dict[str, object] = {word: round(value, 4) for word, value in found.figures[name].items()}
    if name == OURS:
        return figures
    lower_upper = found.differences[name]
    return figures | {f"{word}_gain": [round(end, 4) for end in ends] for word, ends in lower_upper.items()}


def main() -> None:
    """Print a row of JSON for each variant."""
    parser = history_parser(__doc__)
    parser.add_argument("--epochs", type=int, default=Configuration().max_epochs)
    chosen = parser.parse_args()
    limit_threads()
    data = training_data(chosen.events, chosen.items, chosen.preset, None, chosen.as_of)
    for row in ablated(data, Configuration(max_epochs=chosen.epochs)):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
