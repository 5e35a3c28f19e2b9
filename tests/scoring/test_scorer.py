"""Scores of many are the scores of each, whatever the histories hold, and their reasons add up."""

from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made.histories import AS_OF, at, bought, histories, random_shop, row
from networks.tiny_model import tiny_model
from scipy.special import logit

from events.event import EventType
from events.history import Histories
from rules.sentence import Language
from scoring.answers import Calibration, Season
from scoring.model import Model
from scoring.reasons import chinese
from scoring.score import Score
from scoring.scorer import Scorer
from scoring.seen.feature_registry import BY_NAME, NAMES, amount

SCORER = Scorer(tiny_model())
FIGURES = ("purchase_30", "purchase_60", "purchase_90", "churn", "spend_minor", "spend_low_minor", "spend_high_minor")


def figures(score: Score) -> list[float]:
    return [float(asdict(score)[name]) for name in FIGURES]


def test_a_batch_answers_as_its_customers_one_by_one() -> None:
    shop = random_shop(20, seed=5)
    known = Histories.from_frame(shop)
    times = at(len(known)) - np.arange(len(known)) * 86_400.0 * 5
    together = SCORER.score(known, times)

    for place, name in enumerate(known.customer_ids):
        alone = SCORER.score(Histories.from_frame(shop, [name]), times[place : place + 1])[0]
        assert figures(alone)[:4] == pytest.approx(figures(together[place])[:4], abs=1e-5)
        assert alone.spend_minor == pytest.approx(together[place].spend_minor, rel=1e-4, abs=1)
        assert alone.customer_id == together[place].customer_id == name


def test_a_score_says_whose_it_is_and_when() -> None:
    score = SCORER.score(histories(bought(3)), at())[0]

    assert (score.customer_id, score.as_of, score.currency, score.model_id) == ("ann", AS_OF, "GBP", "tiny-1")
    assert 0 <= score.spend_low_minor <= score.spend_high_minor
    assert 0 < score.purchase_30 < score.purchase_60 < score.purchase_90 < 1
    assert score.churn <= 1 - score.purchase_90


def test_a_customer_without_history_gets_the_answer_for_an_unknown_one() -> None:
    known = histories(bought(3), customers=["ann", "nobody"])
    nobody = SCORER.score(known, at(2))[1]
    unseen = SCORER.score(histories(bought(-3)), at())[0]

    assert figures(nobody) == pytest.approx(figures(unseen), rel=1e-5)
    assert SCORER.score(histories(customers=[]), at(0)) == []


def test_later_events_do_not_change_a_score() -> None:
    assert figures(SCORER.score(histories(bought(3), bought(-1, 90_000)), at())[0]) == pytest.approx(
        figures(SCORER.score(histories(bought(3)), at())[0]), rel=1e-5
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(EventType),
            st.floats(-20, 900),
            st.sampled_from([None, "item-1", "item-2", "never seen"]),
            st.sampled_from([None, 0, 1, 99_999_999]),
            st.sampled_from([None, 0.0, 1.0, 1e9]),
            st.sampled_from([None, "", "a lamp!", "\x00 ☂"]),
        ),
        max_size=8,
    )
)
def test_odd_events_are_scored_explained_and_recommended_for(
    events: list[tuple[EventType, float, object, object, object, object]],
) -> None:
    rows = [
        row(kind, ago, item_id=item, unit_price_minor=price, quantity=quantity, text=text, channel=text)
        for kind, ago, item, price, quantity, text in events
    ]
    known = histories(*rows, customers=["ann"])
    score = SCORER.score(known, at())[0]

    assert np.isfinite(figures(score)).all()
    assert 0 <= score.purchase_30 <= score.purchase_60 <= score.purchase_90 <= 1
    assert SCORER.explain(known, at())[0].score == score
    assert len(SCORER.recommend(known, at(), count=3)[0]) == 3


def test_reasons_add_up_to_the_score() -> None:
    shop = random_shop(12, seed=6)
    known = Histories.from_frame(shop)
    for explanation, score in zip(SCORER.explain(known, at(12)), SCORER.score(known, at(12)), strict=True):
        said = explanation.contributions
        assert explanation.score == score
        assert explanation.logit == pytest.approx(float(logit(score.purchase_90)), abs=1e-6)
        assert explanation.base_logit + sum(one.logit for one in said) == pytest.approx(explanation.logit, abs=1e-9)
        base = 1 / (1 + np.exp(-explanation.base_logit))
        assert sum(one.points for one in said) == pytest.approx(100 * (score.purchase_90 - base), abs=1e-6)
        assert [abs(one.logit) for one in said] == sorted((abs(one.logit) for one in said), reverse=True)


def test_the_base_is_the_score_of_an_unknown_customer() -> None:
    unknown = SCORER.score(histories(customers=["nobody"]), at())[0]

    for ago in (5.0, 100.0):
        explanation = SCORER.explain(histories(bought(ago), bought(ago + 20)), at())[0]
        assert explanation.base_logit == pytest.approx(float(logit(unknown.purchase_90)), abs=1e-5)


def test_the_season_is_a_reason_of_its_own() -> None:
    model = tiny_model()
    season = Season(AS_OF.timestamp() - 365 * 86_400.0, (0.7, -0.2, 0.9), 0.1)
    seasonal = Scorer(replace(model, calibration=Calibration(seasons=(season,))))
    plain = Scorer(replace(model, calibration=Calibration()))
    (explained,) = seasonal.explain(histories(bought(9)), at())
    (same,) = plain.explain(histories(bought(9)), at())
    (said,) = [one for one in explained.contributions if one.kind == "season"]

    assert explained.base_logit == pytest.approx(same.base_logit, abs=1e-5)
    assert explained.base_logit + sum(one.logit for one in explained.contributions) == pytest.approx(explained.logit)
    assert said.words == "time of year: going by a year ago, more customers buy now than their history alone tells"
    assert said.logit > 0.4
    assert [one for one in same.contributions if one.kind == "season"] == []


def test_reasons_are_words_that_a_marketer_reads() -> None:
    looked = row(EventType.VIEW, 2, item_id="item-2")
    explanation = SCORER.explain(histories(bought(31, 4520), bought(10, 1999), looked), at())[0]
    words = {one.name: one.words for one in explanation.contributions}

    assert words["orders_30"] == "1 order in the last 30 days"
    assert words["spend"] == "spent 65.19 GBP so far"
    assert words["days_since_order"] == "last order 10 days ago"
    assert words["view"] == "looked at Red Chair on 29 June 2026"
    events = [one for one in explanation.contributions if one.kind == "event"]
    assert len(events) == 3
    assert all(one.time is not None for one in events)


def test_what_is_not_known_of_a_customer_is_no_reason() -> None:
    """Whoever ordered once has no time between orders."""
    told = {one.name for one in SCORER.explain(histories(bought(9)), at())[0].contributions}

    assert "orders" in told
    assert not told & {"mean_gap", "longest_gap", "last_gap", "gap_spread", "overdue", "mean_rating", "mean_dwell"}


@pytest.mark.parametrize(("currency", "words"), [("GBP", "45.20 GBP"), ("JPY", "4,520 JPY"), ("KWD", "4.520 KWD")])
def test_money_is_written_with_the_decimals_of_its_currency(currency: str, words: str) -> None:
    assert amount(4520.0, currency) == words


def test_every_reason_has_its_chinese() -> None:
    looked, sent = row(EventType.VIEW, 2, item_id="item-2"), row(EventType.MESSAGE, 1, channel="email")
    seen = histories(*(bought(n + 20) for n in range(8)), bought(10, 1999), looked, sent)
    (explanation,) = SCORER.explain(seen, at(), language=Language.CHINESE)
    words = {one.name: one.words for one in explanation.contributions}

    assert words["orders_30"] == "近 30 天订单数：9"
    assert words["spend"] == "累计消费：99.99 GBP"
    assert words["days_since_order"] == "距最近一次下单：10 天"
    assert chinese.feature_words(BY_NAME["days_since_review"], float("nan"), "GBP") == "距最近一次评价：无"
    assert words["view"] == "2026年6月29日浏览“Red Chair”"
    assert words["message"] == "2026年6月30日收到消息（email）"
    assert words["earlier_purchase"] == "更早的 6 个订单"
    assert set(chinese.NAMES) == set(NAMES)
    assert set(chinese.GROUPS) == set(EventType)


def test_earlier_events_are_told_by_kind() -> None:
    rows = [bought(n + 1) for n in range(8)]
    told = {
        one.name: one.words for one in SCORER.explain(histories(*rows), at())[0].contributions if one.kind == "event"
    }

    assert told["earlier_purchase"] == "3 earlier orders"


def test_an_event_that_the_network_ignores_has_no_share() -> None:
    """The explanation is of the network and not of the data: with its blocks silenced, events say nothing."""
    model: Model = tiny_model()
    network = model.networks[0]
    network.heads.weight.data.zero_()
    scorer = Scorer(model)
    explanation = scorer.explain(histories(bought(31), bought(10)), at())[0]

    assert sum(abs(one.logit) for one in explanation.contributions if one.kind == "event") == pytest.approx(0, abs=1e-6)
    assert sum(abs(one.logit) for one in explanation.contributions if one.kind == "feature") > 0.01


def test_explanations_do_not_depend_on_the_batch() -> None:
    shop = random_shop(6, seed=2)
    together = SCORER.explain(Histories.from_frame(shop), at(6))
    alone = SCORER.explain(Histories.from_frame(shop.filter(pl.col("customer_id") == "customer-0003")), at())[0]

    for one, other in zip(alone.contributions, together[3].contributions, strict=True):
        assert one.logit == pytest.approx(other.logit, abs=1e-5)
