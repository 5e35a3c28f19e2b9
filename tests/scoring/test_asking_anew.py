"""What a single event is worth, and how little more would be enough: both by asking the model again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from made.histories import NOW, at, bought, histories, random_shop, row
from networks.tiny_model import tiny_model
from scipy.special import expit, logit

from events.event import EventType
from events.history import Histories
from rules.sentence import Language
from scoring.answers import Answers, Calibration, longest_logit
from scoring.model import Model
from scoring.reasons.contrast import contrasts
from scoring.reasons.wording import WORDINGS
from scoring.score import Change, Contrast, Score
from scoring.scorer import Scorer
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.normalisation import Normaliser
from scoring.seen.sequence import TOKENS, batch_of, tokens_of

SCORER = Scorer(tiny_model())
ROWS = [bought(40.0, 2500), row(EventType.VIEW, 20.0, item_id="item-2"), bought(5.0, 1500, item_id="item-3")]
KNOWN = histories(*ROWS)


def test_an_effect_is_the_score_less_the_score_without_the_event() -> None:
    whole = logit(SCORER.score(KNOWN, at())[0].purchase_90)
    effects = {round((NOW - effect.time.timestamp()) / 86_400): effect for effect in SCORER.event_effects(KNOWN, NOW)}

    for left_out, days in enumerate((40, 20, 5)):
        rest = histories(*ROWS[:left_out], *ROWS[left_out + 1 :])
        less = logit(SCORER.score(rest, at())[0].purchase_90)
        assert effects[days].logit == pytest.approx(whole - less, abs=1e-6)
        assert effects[days].points == pytest.approx(100 * (expit(whole) - expit(less)), abs=1e-4)
    assert effects[5].words == "ordered Red Rug for 15.00 GBP on 26 June 2026"
    sizes = [abs(effect.logit) for effect in SCORER.event_effects(KNOWN, NOW)]
    assert sizes == sorted(sizes, reverse=True)


def test_effects_are_of_the_events_that_the_network_reads() -> None:
    many = histories(*(bought(1.0 + n) for n in range(TOKENS + 9)), bought(-1.0))

    assert len(SCORER.event_effects(many, NOW)) == TOKENS
    assert SCORER.event_effects(histories(customers=["nobody"]), NOW) == []


def test_parts_agree_with_leaving_each_out_where_little_interacts() -> None:
    """Without its blocks the network is linear in the features, up to the mixing of three hazards."""
    model = tiny_model()
    model.networks[0].heads.weight.data.zero_()

    for parts in Scorer(model).parts(Histories.from_frame(random_shop(4, seed=1)), at(4)):
        assert np.corrcoef(parts.shared, parts.left_out)[0, 1] > 0.97


def logit_of_nothing(model: Model, one: Histories) -> float:
    """What the network says where neither features nor events tell anything, though the events are there."""
    actions = actions_of(one, model.catalogue)
    pairs = pairs_of(actions, np.array([0]), at())
    unknown = np.zeros((1, 1, len(model.normaliser.names)), dtype=np.float32)
    batch = batch_of(tokens_of(actions), pairs.first, pairs.last, at()[:, None], unknown)
    with torch.no_grad():
        reading = model.networks[0].reading(batch)
        nothing = reading._replace(since=torch.zeros_like(reading.since))
        said = model.networks[0].told(torch.zeros_like(reading.items), nothing, states=False)
    rest = np.zeros(1)
    answers = Answers(hazards=said.hazards[0].double().numpy(), log_mean=rest, log_sigma=rest, silence=rest)
    return float(longest_logit(answers, Calibration(), at())[0])


def test_gradients_add_up_to_the_way_from_nothing_to_the_customer() -> None:
    model, shop = tiny_model(layers=2, seed=3), Histories.from_frame(random_shop(4, seed=1))
    whole = Scorer(model).logits(shop, at(4))

    for place, parts in enumerate(Scorer(model).parts(shop, at(4))):
        way = float(whole[place]) - logit_of_nothing(model, shop.some(place, place + 1))
        assert parts.gradients.sum() == pytest.approx(way, abs=0.01)


def test_gradients_agree_with_shapley_values_where_little_interacts() -> None:
    model = tiny_model()
    model.networks[0].heads.weight.data.zero_()

    for parts in Scorer(model).parts(Histories.from_frame(random_shop(4, seed=1)), at(4)):
        assert parts.gradients.sum() == pytest.approx(parts.of_networks.sum(), abs=1e-3)
        assert np.corrcoef(parts.of_networks, parts.gradients)[0, 1] > 0.99


def found_by(above: Callable[[Score], bool]) -> dict[Change, Contrast]:
    return {each.change: each for each in SCORER.contrasts(KNOWN, NOW, above)}


@pytest.mark.parametrize("change", list(Change))
def test_a_contrast_is_the_least_that_is_enough(change: Change) -> None:
    one = found_by(lambda _: True)[change]
    higher, lower = (
        found_by(lambda score: score.purchase_90 > one.score.purchase_90).get(change),
        found_by(lambda score: score.purchase_90 < one.score.purchase_90).get(change),
    )

    assert one.count == 1
    assert [each for each in (higher, lower) if each is not None]
    for each in (higher, lower):
        assert each is None or each.count > 1
    assert higher is None or higher.score.purchase_90 > one.score.purchase_90


def test_an_added_order_is_scored_as_if_it_had_happened() -> None:
    contrast = next(
        each for each in SCORER.contrasts(KNOWN, NOW, lambda _: True) if each.change is Change.ORDER and each.count == 1
    )
    happened = histories(*ROWS, bought(600 / 86_400, 2000, item_id="item-3"))
    score = SCORER.score(happened, at())[0]

    assert contrast.words == "1 more order of 20.00 GBP"
    assert contrast.score.purchase_90 == pytest.approx(score.purchase_90, abs=1e-6)


def test_what_is_added_finds_its_place_among_what_was_done_just_now_and_what_came_later_is_not_known() -> None:
    just_now = row(EventType.VIEW, 1 / 1440, item_id="item-3")
    found = SCORER.contrasts(histories(*ROWS, just_now, bought(-1.0, 99_900)), NOW, lambda _: True)
    contrast = next(each for each in found if each.change is Change.ORDER and each.count == 1)
    happened = histories(*ROWS, bought(600 / 86_400, 2000, item_id="item-3"), just_now)

    assert contrast.words == "1 more order of 20.00 GBP"
    assert contrast.score.purchase_90 == pytest.approx(SCORER.score(happened, at())[0].purchase_90, abs=1e-7)


def test_contrasts_are_told_in_chinese_and_fewest_first() -> None:
    found = SCORER.contrasts(KNOWN, NOW, lambda _: True, language=Language.CHINESE)

    assert [each.words for each in found] == [
        "再收到 1 条消息", "再收到 1 张优惠券", "再浏览 1 次商品", "再加购 1 件商品", "再下 1 单，每单 20.00 GBP",
    ]  # fmt: skip


def test_nothing_is_promised_that_is_not_enough_or_that_the_model_knows_nothing_of() -> None:
    assert SCORER.contrasts(KNOWN, NOW, lambda _: False) == []
    normaliser = Normaliser(names=("orders", "views_30"), mean=np.zeros(2), deviation=np.ones(2), dropped={})
    model, score = replace(SCORER.model, normaliser=normaliser), SCORER.score(KNOWN, at())[0]
    found = contrasts(model, KNOWN, NOW, lambda many: [score] * len(many), lambda _: True, WORDINGS[Language.ENGLISH])

    assert {each.change for each in found} == {Change.VIEW, Change.ORDER}


def test_somebody_new_is_told_of_an_order_as_everybody_places_them() -> None:
    nobody = histories(customers=["new"])
    words = {each.change: each.words for each in SCORER.contrasts(nobody, NOW, lambda _: True)}

    assert words[Change.ORDER] == "1 more order of 29.81 GBP"
