"""The network answers every question as if it stood alone, and only from what came before."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made.histories import NOW, Row, bought, frame, histories, random_shop, row
from networks.tiny_model import tiny_model

from events.event import EventType
from events.history import Histories
from scoring.answers import Answers, Calibration, Season, longest_logit, outlook_of
from scoring.networks.network import SIGMA_LIMIT, Network
from scoring.seen.actions import Floats, actions_of, pairs_of
from scoring.seen.sequence import TOKENS, Batch, Tokens, batch_of, tokens_of

MODEL = tiny_model()
NETWORK: Network = MODEL.networks[0]
FEATURES = NETWORK.shape.features


def tokens_from(known: Histories) -> Tokens:
    return tokens_of(actions_of(known, MODEL.catalogue))


def batch(known: Histories, times: list[float], seed: int = 0) -> Batch:
    """Every customer asked at all times, with random features."""
    tokens, count = tokens_from(known), len(known)
    pairs = pairs_of(tokens.actions, np.arange(count), np.full(count, np.inf))
    tabular = np.random.default_rng(seed).normal(size=(1, len(times), FEATURES)).repeat(count, axis=0)
    return batch_of(tokens, pairs.first, pairs.last, np.tile(times, (count, 1)), tabular.astype(np.float32))


@torch.inference_mode()
def hazards(asked: Batch) -> Floats:
    answered: Floats = NETWORK(asked).hazards.double().numpy()
    return answered


def test_many_questions_at_once_are_answered_as_one_by_one() -> None:
    known = Histories.from_frame(random_shop(5, seed=3))
    times = [NOW - days * 86_400 for days in (300.0, 200.0, 90.0, 10.0, 0.0)]
    together = hazards(batch(known, times))

    for nth, time in enumerate(times):
        alone = batch(known, times)
        one = Batch(
            kind=alone.kind, time=alone.time, numbers=alone.numbers, items=alone.items, words=alone.words,
            query_time=alone.query_time[:, nth : nth + 1], tabular=alone.tabular[:, nth : nth + 1],
        )  # fmt: skip
        assert one.query_time[0, 0] == time
        np.testing.assert_allclose(hazards(one)[:, 0], together[:, nth], atol=1e-6)


def test_vectors_of_items_at_hand_give_the_same_answers() -> None:
    asked = batch(Histories.from_frame(random_shop(5, seed=3)), [NOW])
    with torch.inference_mode():
        assert torch.equal(NETWORK(asked, items=NETWORK.items.all()).hazards, NETWORK(asked).hazards)


def test_what_happens_after_the_question_never_changes_the_answer() -> None:
    before = [bought(30, item_id="item-2"), row(EventType.VIEW, 20, item_id="item-3"), bought(10)]
    after = [bought(-2, 99_999), row(EventType.CART, -1, item_id="item-5"), row(EventType.RETURN, -7, item_id="item-1")]
    shuffled = [line | {"time": after[(n + 1) % 3]["time"]} for n, line in enumerate(after)]
    answers = [hazards(batch(histories(*before, *later), [NOW])) for later in ([], after, shuffled)]

    np.testing.assert_allclose(answers[1], answers[0], atol=1e-6)
    np.testing.assert_allclose(answers[2], answers[0], atol=1e-6)


def test_an_event_at_the_very_time_of_the_question_is_not_seen() -> None:
    known = histories(bought(30), bought(0, 77_777))

    np.testing.assert_allclose(hazards(batch(known, [NOW])), hazards(batch(histories(bought(30)), [NOW])), atol=1e-6)


def test_padding_is_inert() -> None:
    short, long = histories(bought(9)), histories(bought(9), *(bought(40 + n, customer="bob") for n in range(60)))

    np.testing.assert_allclose(hazards(batch(long, [NOW]))[0], hazards(batch(short, [NOW]))[0], atol=1e-5)


def test_every_part_of_an_event_matters() -> None:
    plain: Row = {"item_id": "item-1", "rating": 1, "text": "fine lamp", "channel": "shop"}
    answer = hazards(batch(histories(row(EventType.REVIEW, 5, **plain)), [NOW]))
    others = [
        row(EventType.REVIEW, 5, **(plain | change))
        for change in ({"item_id": "item-2"}, {"rating": 5}, {"text": "broken mug"}, {"channel": "email"})
    ]

    for other in (*others, row(EventType.VIEW, 5, **plain), row(EventType.REVIEW, 50, **plain)):
        assert np.abs(hazards(batch(histories(other), [NOW])) - answer).max() > 1e-6, other


def test_only_the_latest_tokens_are_read() -> None:
    latest = [bought(n + 1) for n in range(TOKENS)]
    older = [bought(500 + n, 5000) for n in range(30)]
    some, more = batch(histories(*latest), [NOW]), batch(histories(*older, *latest), [NOW])

    assert some.kind.shape == more.kind.shape == (1, TOKENS)
    np.testing.assert_allclose(hazards(more), hazards(some), atol=1e-6)


def test_sigma_of_spend_is_capped() -> None:
    with torch.inference_mode():
        outputs = NETWORK(batch(histories(bought(3)), [NOW]))

    assert outputs.log_sigma.exp().max() < SIGMA_LIMIT


def test_empty_histories_make_a_batch() -> None:
    empty = batch(histories(customers=["nobody", "noone"]), [NOW])

    assert np.isfinite(hazards(empty)).all()
    assert not empty.kind.any()


numbers = st.floats(-30, 30)


@given(st.lists(numbers, min_size=3, max_size=3), numbers)
def test_probabilities_rise_with_the_horizon_and_agree_with_churn(hazard: list[float], silence: float) -> None:
    answers = Answers(
        hazards=np.array([hazard]), log_mean=np.array([8.0]), log_sigma=np.array([0.1]), silence=np.array([silence])
    )
    found = outlook_of(answers, Calibration(), np.array([NOW]))
    low, middle, high = found.purchase[0]

    assert 0 <= low <= middle <= high <= 1
    assert found.churn[0] <= 1 - high + 1e-12
    least, most = found.band
    assert least[0] <= found.median_spend[0] <= most[0]
    if 1e-9 < high < 1 - 1e-9:
        logit = longest_logit(answers, Calibration(), np.array([NOW]))[0]
        assert logit == pytest.approx(np.log(high / (1 - high)), rel=1e-6, abs=1e-6)


def test_spend_is_the_mean_of_its_own_distribution() -> None:
    answers = Answers(
        hazards=np.full((1, 3), -1.0), log_mean=np.array([7.0]), log_sigma=np.log([0.5]), silence=np.zeros(1)
    )
    found = outlook_of(answers, Calibration(), np.array([NOW]))
    drawn = np.random.default_rng(0).lognormal(7.0, 0.5, 400_000) * (
        np.random.default_rng(1).random(400_000) < found.purchase[0, 2]
    )

    assert found.spend[0] == pytest.approx(drawn.mean(), rel=0.01)


def test_a_season_counts_a_year_later_and_only_then() -> None:
    year, day = 365 * 86_400.0, 86_400.0
    seasons = (Season(NOW - year, (0.4, 0.1, 0.0), 0.2), Season(NOW - year + 30 * day, (-0.2, 0.3, 0.5), -0.1))
    found = Calibration(seasons=seasons).season(NOW + np.array([0.0, 14.0, 16.0, 30.0, 60.0]) * day)

    first, second = [0.4, 0.1, 0.0, 0.2], [-0.2, 0.3, 0.5, -0.1]
    np.testing.assert_allclose(found, [first, first, second, second, [0.0] * 4])
    calibration = Calibration(seasons=seasons, spend_factor=1.1)
    assert Calibration.from_json(calibration.to_json()) == calibration
    before = calibration.to_json() | {"seasons": [{"time": NOW, "logit": 0.4, "log_spend": 0.2}]}
    assert Calibration.from_json(before).seasons == (Season(NOW, (0.4, 0.4, 0.4), 0.2),)


def test_a_season_moves_the_chance_and_the_amount() -> None:
    answers = Answers(
        hazards=np.full((1, 3), -1.0), log_mean=np.array([7.0]), log_sigma=np.log([0.5]), silence=np.zeros(1)
    )
    now = np.array([NOW])
    season = Calibration(seasons=(Season(NOW - 365 * 86_400.0, (0.4, -0.3, 0.0), 0.2),))
    plain, moved = outlook_of(answers, Calibration(), now), outlook_of(answers, season, now)

    assert 1 - plain.purchase[0, 0] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert 1 - moved.purchase[0, 0] == pytest.approx(1 / (1 + np.exp(-1.0 + 0.4)))
    rest = (
        (1 - moved.purchase[0, 1]) / (1 - moved.purchase[0, 0]),
        (1 - moved.purchase[0, 2]) / (1 - moved.purchase[0, 1]),
    )
    assert rest == pytest.approx((1 / (1 + np.exp(-1.0 - 0.3)), 1 / (1 + np.exp(-1.0))))
    assert moved.log_mean[0] == pytest.approx(7.2)


@pytest.mark.parametrize(("hazard", "low", "high"), [(3.0, 0.1, 0.9), (-1.0, 0.0, 0.8), (-5.0, 0.0, 0.8)])
def test_the_band_holds_four_of_five(hazard: float, low: float, high: float) -> None:
    answers = Answers(
        hazards=np.array([[hazard, -9.0, -9.0]]), log_mean=np.array([7.0]), log_sigma=np.log([0.5]), silence=np.zeros(1)
    )
    found = outlook_of(answers, Calibration(), np.array([NOW]))
    drawn = np.random.default_rng(0).lognormal(7.0, 0.5, 400_000) * (
        np.random.default_rng(1).random(400_000) < found.purchase[0, 2]
    )
    least, most = (float(end[0]) for end in found.band)

    assert (least, most) == pytest.approx(tuple(np.quantile(drawn, (low, high))), rel=0.01)
    assert found.median_spend[0] == pytest.approx(np.median(drawn), rel=0.01)
    held = np.mean((drawn >= least) & (drawn <= most))
    assert held == pytest.approx(max(0.8, 1 - found.purchase[0, 2]), abs=0.005)


def test_a_frame_without_events_is_a_history_without_events() -> None:
    assert len(tokens_from(Histories.from_frame(frame([]), ["nobody"])).actions.time) == 0


def test_the_last_layer_may_be_left_out_where_only_states_read_it() -> None:
    asked = batch(Histories.from_frame(random_shop(5, seed=3)), [NOW - 90 * 86_400, NOW])
    network = tiny_model(layers=2).networks[0]
    with torch.inference_mode():
        whole, part = network(asked), network(asked, states=False)

    for name in ("hazards", "log_mean", "log_sigma", "silence"):
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name), atol=1e-6)
    assert part.states.shape[1] == 0
