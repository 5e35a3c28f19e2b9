"""What a private network is asked of each customer: one sequence, whatever anybody else has done."""

from dataclasses import dataclass

import numpy as np
import torch

from scoring.buying import UNFITTED
from scoring.networks.network import Network
from scoring.networks.reading import Reading
from scoring.seen.actions import Floats, Integers
from scoring.seen.features import raw_features
from scoring.seen.sequence import Tokens
from training.configuration import Configuration
from training.learning import happened_to
from training.loss import Happened
from training.material.examples import NONE, asking, examples_of
from training.material.labels import cutoffs_of, labels_of, questions, weights_at
from training.material.preparation import Prepared, ends
from training.private.public import HISTORY, NORMALISER


@dataclass(frozen=True, slots=True)
class Asked:
    """The latest sequence of each customer with its questions."""

    prepared: Prepared
    sequence: Integers
    """[C] which of the examples is the customer's, NONE where there is nothing to ask."""

    def of(self, customers: Integers) -> Integers:
        """The sequences of those customers who have one."""
        found: Integers = self.sequence[customers]
        return np.asarray(found[found != NONE])

    def laid(self, network: Network, sequences: Integers) -> tuple[Reading, Happened]:
        """[B] sequences with all their questions, and what came of them, on the network's device."""
        examples, device = self.prepared.examples, next(network.parameters()).device
        place = examples.starts[sequences][:, None] + np.arange(np.diff(examples.starts)[sequences].max(initial=1))
        pair = np.where(place < examples.starts[sequences + 1][:, None], place, NONE)
        with torch.no_grad():
            reading = network.reading(asking(examples, sequences, pair).to(device))
        return reading, happened_to(examples, pair, device)


def asked_of(tokens: Tokens, customers: Integers, *, until: float, configuration: Configuration) -> Asked:
    """At rolling cut-offs; nothing from the time `until` on is an input or a label. No label of items is among them."""
    actions = tokens.actions
    cutoffs: Floats = cutoffs_of(until - HISTORY, until, configuration)
    pairs = questions(actions, cutoffs, customers)
    examples = examples_of(
        tokens, pairs, NORMALISER(raw_features(actions, pairs, UNFITTED)), labels_of(actions, pairs),
        weight=weights_at(pairs.as_of, cutoffs[-1], until, configuration), until=ends(actions, until),
        next_order=np.full(len(actions.time), NONE),
    )  # fmt: skip
    sequence = np.full(len(actions.offsets) - 1, NONE)
    # A customer's later sequences come later, and the last one stays.
    sequence[pairs.customer[examples.starts[:-1]]] = np.arange(len(examples.first))
    return Asked(Prepared(examples=examples, buying=UNFITTED, normaliser=NORMALISER, until=until), sequence)
