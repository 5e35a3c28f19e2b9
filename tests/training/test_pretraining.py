"""Pre-training reads no label and no future."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from made.histories import NOW, random_shop
from networks.small_training import SMALL, course, prepared

from scoring.model import item_words
from scoring.networks.network import Architecture, Network
from training.course import learn_members
from training.curves.curves import Curves
from training.pretraining import contrast_loss, pretrain, slices_of


class Notes(Curves):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def note(self, name: str, value: float, step: int) -> None:
        assert (name, step) == ("pre-training/loss", len(self.values) + 1)
        self.values.append(value)


def test_slices_lie_within_one_customer_and_before_the_end() -> None:
    of = course(random_shop(60, seed=2))
    actions, until = of.tokens.actions, NOW - 90 * 86_400
    for slices in slices_of(of.tokens, of.configuration, until, np.random.default_rng(0)):
        owner = np.searchsorted(actions.offsets, slices.first, side="right")
        assert (owner[0] == owner[1]).all()
        assert (np.searchsorted(actions.offsets, slices.last - 1, side="right") == owner).all()
        assert (slices.last > slices.first).all()
        assert (actions.time[slices.last - 1] < until).all()


def test_slices_of_one_customer_find_each_other() -> None:
    apart = torch.eye(4)

    assert contrast_loss(torch.cat((apart, apart))) < 0.01
    assert contrast_loss(torch.cat((apart, apart.roll(1, 0)))) > 5


def test_pre_training_learns_and_changes_only_where_learning_begins() -> None:
    of = course(pretrain_epochs=4)
    torch.manual_seed(0)
    network = Network(Architecture(features=3, items=of.items, width=16, layers=1, heads=2), item_words(of.catalogue))
    notes = Notes()
    pretrain(network, of.tokens, replace(SMALL, pretrain_epochs=4), until=of.as_of, seed=0, curves=notes)
    plain, taught = (
        learn_members(course(folder=Path("never"), pretrain_epochs=epochs), prepared(of), "fit", 0, None)
        for epochs in (0, 1)
    )

    assert np.mean(notes.values[-3:]) < np.mean(notes.values[:3])
    assert not torch.equal(plain.networks[0].kind.weight, taught.networks[0].kind.weight)
    assert torch.equal(plain.networks[0].direct.weight, taught.networks[0].direct.weight)


def test_a_share_of_the_labels_is_of_the_customers() -> None:
    of = course(label_share=0.1)

    assert len(of.labelled(np.arange(120))) == 12
    assert of.labelled(np.arange(5)).tolist() == course(label_share=0.1).labelled(np.arange(5)).tolist()
    assert course().labelled(np.arange(5)).tolist() == [0, 1, 2, 3, 4]
