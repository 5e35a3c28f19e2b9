"""Trees grow as long as they forecast better what no fit has seen, and are kept with the model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made.histories import at, bought, histories, random_shop
from networks.small_training import course, prepared
from networks.tiny_model import tiny_model

from scoring.answers import Answers
from scoring.folders import folder
from scoring.folders.folder import TREES
from scoring.mixture import Mixture, Predictor, Speaker
from scoring.networks.network import HORIZONS
from scoring.predictors.linear import Linear
from scoring.predictors.trees import Trees
from scoring.score import ModelRejected
from scoring.scorer import Scorer
from scoring.seen.actions import Floats
from scoring.seen.feature_registry import NAMES
from training.material.labels import Labels
from training.material.preparation import Prepared
from training.predictors.boosting import grow, grow_silent, rehearse_trees

ROUNDS = 50
LARGER = random_shop(240, seed=5)


@pytest.fixture(scope="module")
def data() -> Prepared:
    return prepared(course(LARGER))


@pytest.fixture(scope="module")
def trees(data: Prepared) -> Trees:
    grown = grow(data.examples, rounds=ROUNDS, seed=0)
    assert grown is not None
    return grown


def test_equal_seeds_grow_equal_trees(data: Prepared, trees: Trees) -> None:
    again, other = (grow(data.examples, rounds=ROUNDS, seed=seed) for seed in (0, 1))

    assert again is not None
    assert other is not None
    assert again.to_json() == trees.to_json() != other.to_json()


def test_a_shop_with_few_questions_has_no_trees(data: Prepared) -> None:
    few = prepared(course(random_shop(20, seed=1))).examples

    assert grow(few, rounds=ROUNDS, seed=0) is None
    assert grow(data.examples, rounds=0, seed=0) is None
    assert rehearse_trees(few, few.tabular, few.labels.interval, most=ROUNDS, seed=0) is None


def test_a_shop_where_all_come_within_weeks_has_no_trees(data: Prepared) -> None:
    """Nobody is left of whom the second month could be asked."""
    labels = replace(data.examples.labels, interval=np.zeros_like(data.examples.labels.interval))

    assert grow(replace(data.examples, labels=labels), rounds=ROUNDS, seed=0) is None


def test_who_is_silent_without_an_order_is_said_by_networks_and_trees_in_halves(data: Prepared, trees: Trees) -> None:
    examples = data.examples
    quiet = (examples.tabular[:, 0] > np.median(examples.tabular[:, 0])).astype(np.float64)
    told = replace(examples, labels=replace(examples.labels, silent=quiet * without_order(examples.labels)))
    grown = replace(trees, silent=grow_silent(told, rounds=ROUNDS, seed=0))
    everybody = examples.tabular
    answers = Answers(
        hazards=np.zeros((len(everybody), len(HORIZONS))), log_mean=np.zeros(len(everybody)),
        log_sigma=np.zeros(len(everybody)), silence=np.full(len(everybody), 0.5),
    )  # fmt: skip

    said, kept = grown.silence(everybody), Trees.from_json(grown.to_json()).silence(everybody)
    mixture = Mixture(speakers={Predictor.TREES: grown, Predictor.LINEAR: Linear(np.zeros((4, 1)), np.zeros(4))})

    assert said is not None
    assert kept is not None
    assert said[quiet > 0].min() > said[quiet == 0].max()
    assert kept.tolist() == said.tolist()
    assert mixture.mixed(answers, everybody).silence == pytest.approx((0.5 + said) / 2)


def test_where_nobody_does_anything_but_order_the_networks_alone_say_who_is_silent(
    data: Prepared, trees: Trees
) -> None:
    labels = data.examples.labels
    orders_alone = replace(data.examples, labels=replace(labels, silent=without_order(labels)))

    assert grow_silent(orders_alone, rounds=ROUNDS, seed=0) is None
    assert Trees.from_json(trees.to_json()).silence(data.examples.tabular) is None


def without_order(labels: Labels) -> Floats:
    """[P] 1 where no order came."""
    return np.asarray(labels.closed & (labels.interval == len(HORIZONS)), dtype=np.float64)


def test_a_model_with_everybody_is_kept_whole_and_its_reasons_add_up(data: Prepared, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tabular = random.normal(size=(len(data.examples.pairs), len(NAMES))).astype(np.float32)
    trees = grow(replace(data.examples, tabular=tabular), rounds=ROUNDS, seed=0)
    assert trees is not None
    shares = {Predictor.NETWORKS: 0.4, Predictor.TREES: 0.3, Predictor.LINEAR: 0.3}
    speakers: dict[Predictor, Speaker] = {
        Predictor.TREES: trees,
        Predictor.LINEAR: Linear(random.normal(size=(4, len(NAMES))), np.ones(4)),
    }
    model = replace(tiny_model(), mixture=Mixture(speakers=speakers, purchase=shares, spend={Predictor.TREES: 1.0}))
    path = folder.write(model, tmp_path / "model")
    known = histories(bought(9, 1000, item_id="item-1"), bought(5, 1500, item_id="item-2"))

    before, after, alone = Scorer(model), Scorer.load(path), Scorer(tiny_model())
    (explained,) = after.explain(known, at())
    (kept,), (said,), (without,) = (scorer.score(known, at()) for scorer in (after, before, alone))

    # A sum may end in another bit where its arrays lie elsewhere in memory.
    assert kept.churn == pytest.approx(said.churn, rel=1e-12)
    assert replace(kept, churn=said.churn) == said
    assert said.purchase_90 != pytest.approx(without.purchase_90)
    assert explained.base_logit + sum(one.logit for one in explained.contributions) == pytest.approx(explained.logit)
    (path / TREES).write_text('{"ensembles": []}')
    with pytest.raises(ModelRejected, match=r"trees\.json is not the file that the manifest names"):
        Scorer.load(path)


@pytest.mark.parametrize("text", ['{"ensembles": []}', '{"ensembles": ["tree"]}', "[]"])
def test_what_is_not_trees_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Trees.from_json(text)
