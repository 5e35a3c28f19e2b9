"""Trees have a part in the answer as far as they forecast what no fit has seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_histories import AS_OF, at, bought, histories, random_shop
from small_training import SMALL, course, prepared

from scoring import folder
from scoring.answers import Answers
from scoring.folder import TREES
from scoring.score import ModelRejected
from scoring.scorer import Scorer
from scoring.trees import Trees
from training.boosting import EQUAL, grow, rehearse_trees, share_of
from training.fit import fit
from training.preparation import Prepared

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


def flat(count: int) -> Answers:
    nothing = np.zeros(count)
    return Answers(hazards=np.zeros((count, 3)), log_mean=nothing, log_sigma=nothing, silence=nothing)


def test_the_answer_is_mixed_in_logits_by_the_share(data: Prepared, trees: Trees) -> None:
    tabular = data.examples.tabular[:7]
    hazards, log_mean = trees.say(tabular)

    mixed = replace(trees, share=0.25).mixed(flat(7), tabular)

    assert mixed.hazards == pytest.approx(hazards / 4)
    assert mixed.log_mean == pytest.approx(log_mean / 4)
    assert mixed.log_sigma.tolist() == [0.0] * 7


def test_equal_seeds_grow_equal_trees(data: Prepared, trees: Trees) -> None:
    again, other = (grow(data.examples, rounds=ROUNDS, seed=seed) for seed in (0, 1))

    assert again is not None
    assert other is not None
    assert again.to_json() == trees.to_json() != other.to_json()


def test_trees_that_forecast_well_get_more_than_half_and_those_that_harm_get_nothing(
    data: Prepared, trees: Trees
) -> None:
    tabular, interval = data.examples.tabular, data.examples.labels.interval
    ignorant = Answers(
        hazards=np.full((len(interval), 3), 2.0), log_mean=np.zeros(len(interval)),
        log_sigma=np.zeros(len(interval)), silence=np.zeros(len(interval)),
    )  # fmt: skip
    hazards, log_mean = trees.say(tabular)
    knowing = replace(ignorant, hazards=hazards, log_mean=log_mean)

    assert share_of(trees, tabular, ignorant, interval) == (1 + EQUAL) / 2
    assert share_of(trees, -tabular, knowing, interval) == 0.0


def test_a_shop_with_few_questions_has_no_trees(data: Prepared) -> None:
    few = prepared(course(random_shop(20, seed=1))).examples

    assert grow(few, rounds=ROUNDS, seed=0) is None
    assert grow(data.examples, rounds=0, seed=0) is None
    assert rehearse_trees(few, few.tabular, flat(len(few.pairs)), few.labels.interval, most=ROUNDS, seed=0) is None


def test_a_model_with_trees_is_kept_whole_and_its_reasons_add_up(tmp_path: Path) -> None:
    model = fit(
        LARGER, None, as_of=AS_OF, configuration=replace(SMALL, max_epochs=1, tree_rounds=ROUNDS), seed=0, device="cpu",
        checkpoints=tmp_path / "checkpoints", progress=lambda *_: None,
    )  # fmt: skip
    assert model.trees is not None
    path = folder.write(model, tmp_path / "model")
    known = histories(bought(9, 1000, item_id="item-1"), bought(5, 1500, item_id="item-2"))

    before, after = Scorer(model), Scorer.load(path)
    alone = Scorer(replace(model, trees=None))
    (explained,) = after.explain(known, at())

    assert after.score(known, at()) == before.score(known, at()) != alone.score(known, at())
    assert explained.base_logit + sum(one.logit for one in explained.contributions) == pytest.approx(explained.logit)
    (path / TREES).write_text('{"share": 1.0, "ensembles": []}')
    with pytest.raises(ModelRejected, match=r"trees\.json is not the file that the manifest names"):
        Scorer.load(path)


@pytest.mark.parametrize("text", ['{"share": 0.5, "ensembles": []}', '{"share": 0.5, "ensembles": ["tree"]}', "[]"])
def test_what_is_not_trees_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Trees.from_json(text)
