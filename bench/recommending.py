"""What a list costs where the catalogue is large: processor time for a customer, by how many are asked about at once.

    python -m bench.recommending [--items 100000] [--customers 20000]

The network has learned nothing, on which its speed does not depend; what is bought together is the big shop's.
"""

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from admin.learning.data import TrainingData, training_data
from bench import big_shop
from bench.figures import Figure, interleaved, publish
from events.history import Histories
from scoring.answers import Calibration
from scoring.buying import UNFITTED
from scoring.model import Model, item_words
from scoring.networks.network import Architecture, Network
from scoring.scorer import Scorer
from scoring.seen.normalisation import Normaliser
from scoring.threads import limit_threads
from training.material.preparation import catalogue_of, tokens_from
from training.recommending.blending import START
from training.recommending.habits import Habits
from training.recommending.pairing import fit_together, pairs_of_items

BATCHES = (1, 8, 32, 128)
COUNT = 10
NOTHING = Normaliser(names=(), mean=np.zeros(0), deviation=np.zeros(0), dropped={})


def main(
    *,
    items: Annotated[int, typer.Option(min=big_shop.ITEMS_OF_A_TASTE)] = big_shop.ITEMS,
    customers: Annotated[int, typer.Option(min=1000)] = 20_000,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Measure recommendations."""
    limit_threads()
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder:
        files = big_shop.write(Path(folder), items, customers, big_shop.SEED)
        data = training_data(*files, None, None, None)
    histories = data.histories()
    scorer = Scorer(_untaught(data, histories))
    began = time.process_time()
    _ask(scorer, histories, data.as_of.timestamp(), 1, 1)
    first = 1000 * (time.process_time() - began)
    before = _peak()
    slices = {
        f"{batch} at once": lambda batch=batch: _ask(scorer, histories, data.as_of.timestamp(), batch, 256 // batch)
        for batch in BATCHES
    }
    figures = {name: Figure(value=cost, unit="ms") for name, cost in interleaved(slices, rounds).items()}
    figures["the first list of a process"] = Figure(value=first, unit="ms")
    figures["memory beyond the model"] = Figure(value=_peak() - before, unit="MiB")
    publish("recommending", figures, notes=[f"{items:,} items, lists of {COUNT}; processor time of one customer"])


def _untaught(data: TrainingData, histories: Histories) -> Model:
    catalogue = catalogue_of(data.events, data.items)
    actions, until = tokens_from(histories, catalogue).actions, data.as_of.timestamp()
    nobody, size = np.zeros(len(actions.time), dtype=bool), len(catalogue) + 2
    pairs = pairs_of_items(actions, size, until=until, left_out=nobody)
    torch.manual_seed(0)
    network = Network(Architecture(features=1, items=size), item_words(catalogue)).eval()
    return Model(
        manifest={}, catalogue=catalogue, networks=(), normaliser=NOTHING, buying=UNFITTED, calibration=Calibration(),
        together=fit_together(actions, pairs, until=until, left_out=nobody, habits=Habits()),
        blend=replace(START, repurchase=True), next_items=network.requires_grad_(requires_grad=False),
    )  # fmt: skip


def _ask(scorer: Scorer, histories: Histories, as_of: float, batch: int, times: int) -> float:
    """Milliseconds of the processor for each customer."""
    began = time.process_time()
    for turn in range(times):
        some = histories.some(1 + turn * batch, 1 + (turn + 1) * batch)
        scorer.recommend(some, np.full(batch, as_of), count=COUNT)
    return 1000 * (time.process_time() - began) / (batch * times)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    typer.run(main)
