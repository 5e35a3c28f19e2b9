"""Pre-training reads no label and no future; the tower's vectors are computed once for each text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from made_histories import AS_OF, NOW, random_shop
from small_training import SMALL, course, prepared

from scoring import folder
from scoring.catalogue import Catalogue
from scoring.model import item_words
from scoring.network import Architecture, Network
from scoring.scorer import Scorer
from training.course import learn_members
from training.curves import NOWHERE, Curves
from training.fit import fit
from training.item_text import item_texts, item_vectors
from training.pretraining import contrast_loss, pretrain, slices_of
from training.text.vector_cache import VectorCache

CATALOGUE = Catalogue(("a", "b", "c"), ("Oak Lamp", None, None), ("Home|Light", "Home|Rugs", None))


class Notes(Curves):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def note(self, name: str, value: float, step: int) -> None:
        assert (name, step) == ("pre-training/loss", len(self.values) + 1)
        self.values.append(value)


def lengths(texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """An encoder that counts letters."""
    return np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(len(texts), 2)


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


def test_items_are_told_by_title_and_category_and_those_without_text_are_zeros() -> None:
    assert item_texts(CATALOGUE) == ("Oak Lamp. Home, Light", "Home, Rugs", None)
    assert item_vectors(CATALOGUE, lengths).tolist() == [[0, 0], [0, 0], [21, 1], [10, 1], [0, 0]]


def test_an_item_without_text_and_one_that_is_unknown_share_a_learned_vector() -> None:
    shape = Architecture(features=3, items=5, width=16, layers=1, heads=2, text_width=2)
    torch.manual_seed(0)
    items = Network(shape, item_words(CATALOGUE), torch.from_numpy(item_vectors(CATALOGUE, lengths))).items
    with torch.no_grad():
        items.untold.fill_(1.0)
        before = items(torch.arange(5))
        items.own.weight.zero_()
        items.words.weight.zero_()
        told = items(torch.arange(5))

    assert before.shape == (5, 16)
    assert told[0].tolist() == [0.0] * 16
    assert told[1].tolist() == told[4].tolist() == [1.0] * 16
    assert not torch.equal(told[2], told[3])


def test_a_model_with_a_text_tower_answers_from_its_folder_alone(tmp_path: Path) -> None:
    shop = random_shop(80, seed=3)
    titles = shop.select("item_id").unique().drop_nulls().sort("item_id")
    items = titles.with_columns(title="item_id", category="item_id")
    known = course(shop)
    model = fit(
        shop, items, as_of=AS_OF, seed=0, device="cpu", checkpoints=tmp_path / "c", curves=NOWHERE,
        configuration=replace(SMALL, max_epochs=1, item_text="counts"), encode=lengths, progress=lambda *_: None,
    )  # fmt: skip
    read = Scorer.load(folder.write(model, tmp_path / "model"))

    histories = known.tokens.actions.histories
    as_of = np.full(len(histories), NOW)
    assert read.score(histories, as_of) == Scorer(model).score(histories, as_of)
    assert model.networks[0].shape.text_width == 2
    assert read.manifest["configuration"]["item_text"] == "counts"


def test_a_text_is_computed_once_by_each_encoder(tmp_path: Path) -> None:
    asked: list[str] = []

    def compute(texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        asked.extend(texts)
        return lengths(texts)

    cache = VectorCache(tmp_path)
    first = cache.vectors("bert", ["one", "three", "one"], compute)
    again = VectorCache(tmp_path).vectors("bert", ["three", "fourteen"], compute)

    assert first.tolist() == [[3, 1], [5, 1], [3, 1]]
    assert again.tolist() == [[5, 1], [8, 1]]
    assert asked == ["one", "three", "fourteen"]
    assert cache.vectors("other", ["one"], compute).tolist() == [[3, 1]]
    assert asked[-1] == "one"
