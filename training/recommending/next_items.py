"""A network that learns what is bought next and nothing else, for recommendations.

Who buys, how much and when needs few epochs, and windows that are kept back; what follows what needs many, and all that
happened but for the held-out orders.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from scoring.model import item_words
from scoring.networks.network import Architecture, Network
from scoring.seen.actions import Integers
from scoring.seen.actions import Pairs as Questions
from scoring.seen.sequence import TOKENS, Tokens
from training.configuration import Configuration
from training.course import Course
from training.learning import Validate, from_lessons, learn, learner_of
from training.material.examples import Examples, next_orders
from training.material.labels import Labels
from training.material.preparation import ends
from training.recommending.item_start import begin
from training.recommending.pairing import Pairs, pairs_of_items

PATIENCE = 2
LATEST_EPOCHS = 2
"""In which the held-out orders are learned too."""
MUCH = 0.3
"""Of all actions: where more was held out, two epochs of it are too few, and items began where little was known."""


@dataclass(frozen=True, slots=True)
class NextItems:
    """The network, and where it stood at its best."""

    network: Network
    epochs: int
    held_out: float = 0.0
    """Share of the actions that it has not learned."""


def learn_next_items(course: Course, pairs: Pairs, left_out: npt.NDArray[np.bool_], validate: Validate) -> NextItems:
    """From all actions, without what followed as `left_out` [A], while that helps; items begin where `pairs` say."""
    network = _fresh(course, pairs)
    learned = _learn(course, network, "next items", left_out, course.configuration.max_epochs, validate)
    return replace(learned, held_out=float(left_out.mean()))


def learn_latest(course: Course, begun: NextItems) -> NextItems:
    """From everything: where the other ended, or anew for as many epochs where that one was told little."""
    actions, network, epochs = course.tokens.actions, begun.network, min(LATEST_EPOCHS, begun.epochs)
    nothing = np.zeros(len(actions.time), dtype=bool)
    if begun.held_out > MUCH:
        pairs = pairs_of_items(actions, course.items, until=course.as_of, left_out=nothing)
        network, epochs = _fresh(course, pairs), begun.epochs
    return _learn(course, network, "latest items", nothing, epochs, None)


def _fresh(course: Course, pairs: Pairs) -> Network:
    wanted, seed = course.configuration, course.seed * 1000
    torch.manual_seed(seed)
    shape = Architecture(
        features=1, items=course.items, width=wanted.width, layers=wanted.layers, heads=wanted.heads,
        dropout=wanted.dropout,
    )  # fmt: skip
    encoded = {modality: torch.from_numpy(vectors) for modality, vectors in course.item_vectors.items()}
    network = Network(shape, item_words(course.catalogue), encoded)
    begin(network, pairs, seed)
    network.items.own.sparse = True  # a step reads few items of a large catalogue
    return network.to(course.device)


def _learn(
    course: Course, network: Network, stage: str, left_out: npt.NDArray[np.bool_], epochs: int,
    validate: Validate | None,
) -> NextItems:  # fmt: skip
    pace = _pace(course.configuration)
    ours, average = (copy.deepcopy(network).requires_grad_() for _ in range(2))
    learner = learner_of(ours, average, pace)
    examples = examples_of_items(course.tokens, left_out, course.as_of)
    learn(
        learner, from_lessons(examples, pace, course.seed * 1000, course.company), stage=stage, epochs=epochs,
        validate=validate, patience=PATIENCE, checkpoint=course.checkpoints and course.checkpoints / f"{stage}.pt",
        progress=course.progress, curves=course.curves, company=course.company,
    )  # fmt: skip
    return NextItems(learner.average.eval().requires_grad_(requires_grad=False), learner.best_epoch)


def _pace(wanted: Configuration) -> Configuration:
    """Many small steps."""
    return replace(
        wanted, learning_rate=3 * wanted.learning_rate, sequences=min(16, wanted.sequences), most_sequences=64,
        tokens_an_epoch=4 * wanted.tokens_an_epoch, item_weight=1.0, direct_penalty=0.0,
    )  # fmt: skip


def examples_of_items(tokens: Tokens, left_out: npt.NDArray[np.bool_], until: float) -> Examples:
    """Sequences of all actions before `until`, TOKENS at most each, that ask nothing but what is bought next."""
    actions, end = tokens.actions, ends(tokens.actions, until)
    first, last = [], []
    for low, high in zip(actions.offsets[:-1].tolist(), end.tolist(), strict=True):
        for stop in range(high, low + 1, 1 - TOKENS):
            first.append(max(low, stop - TOKENS))
            last.append(stop)
    nobody: Integers = np.zeros(0, dtype=np.int64)
    return Examples(
        tokens=tokens,
        pairs=Questions(customer=nobody, as_of=np.zeros(0), first=nobody, last=nobody),
        tabular=np.zeros((0, 1), dtype=np.float32),
        labels=Labels(told=nobody, interval=nobody, spend=np.zeros(0), orders=np.zeros(0), silent=np.zeros(0)),
        weight=np.zeros(0),
        first=np.array(first, dtype=np.int64),
        last=np.array(last, dtype=np.int64),
        starts=np.zeros(len(first) + 1, dtype=np.int64),
        next_order=next_orders(actions, end, left_out),
    )
