"""Whatever a history holds, it gets a score that is one, and reasons that add up to it."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made.histories import AS_OF, NOW, Row, at, bought, frame, histories, row
from made.hostile import LARGE, numbers, texts
from networks.small_training import trained

from events.event import EventType
from events.history import Histories
from scoring.score import Score
from scoring.scorer import Scorer
from scoring.seen.actions import HISTORY_ROWS

FAR = (datetime(9999, 12, 31, tzinfo=UTC) - AS_OF).days
MANY = 100_000


@cache
def scorer() -> Scorer:
    """Trained once; no fixture, so that a failing example does not print it."""
    with TemporaryDirectory() as folder:
        return Scorer.load(trained(Path(folder) / "model"))


def sound(score: Score) -> None:
    assert 0 <= score.purchase_30 <= score.purchase_60 <= score.purchase_90 <= 1
    assert 0 <= score.churn <= 1 - score.purchase_90 + 1e-9
    assert 0 <= score.spend_low_minor <= score.spend_high_minor
    assert score.spend_minor >= 0
    assert score.purchase_90 <= score.expected_orders < np.inf


@st.composite
def hostile_rows(draw: st.DrawFn) -> Row:
    kind, ago = draw(st.sampled_from(EventType)), draw(st.one_of(st.floats(-FAR, 20_000), st.floats(0, 400)))
    return row(
        kind, ago, "ann", item_id=draw(texts), order_id=draw(texts), channel=draw(texts), text=draw(texts),
        quantity=draw(numbers), dwell_seconds=draw(numbers), rating=draw(st.one_of(st.none(), st.integers(-9, 9))),
        unit_price_minor=draw(st.one_of(st.none(), st.integers(-(2**62), 2**62))), event_id=draw(st.text(max_size=3)),
    )  # fmt: skip


@settings(max_examples=30)
@given(st.lists(hostile_rows(), max_size=6))
@example([])
@example([bought(3.0, 1000, item_id=text, text=text, channel=text) for text in LARGE])
def test_any_history_is_scored_explained_and_recommended_for(rows: list[Row]) -> None:
    known = histories(*rows, customers=["ann"])
    (score,), (explained,) = scorer().score(known, at()), scorer().explain(known, at())

    sound(score)
    assert explained.score == score
    total = explained.base_logit + sum(one.logit for one in explained.contributions)
    assert total == pytest.approx(explained.logit, abs=1e-6)
    assert all(one.words for one in explained.contributions)
    assert len(scorer().recommend(known, at(), count=2)[0]) == 2


@given(st.sampled_from(["item-99", "", "🧵", "x" * 500]))
def test_items_that_the_model_has_never_seen_are_all_alike(item_id: str) -> None:
    seen, unseen = (scorer().score(histories(bought(3.0, item_id=name)), at())[0] for name in ("stranger", item_id))

    assert seen == unseen


@settings(max_examples=20)
@given(st.lists(st.floats(0, FAR), min_size=1, max_size=5))
def test_events_from_the_as_of_time_on_change_nothing_however_far_ahead_a_clock_is(
    ahead: list[float],
) -> None:
    before = [bought(40.0), bought(3.0)]
    later = [bought(-days, 90_000, order_id=f"later-{place}") for place, days in enumerate(ahead)]
    (score,), (with_later,) = scorer().score(histories(*before), at()), scorer().score(histories(*before, *later), at())

    assert with_later.purchase_90 == pytest.approx(score.purchase_90, abs=1e-6)
    assert with_later.spend_minor == pytest.approx(score.spend_minor, rel=1e-4)


def test_a_history_of_a_hundred_thousand_events_is_scored_by_its_latest() -> None:
    one = histories(row(EventType.VIEW, 1.0, item_id="item-1"))
    times = np.asarray(NOW - np.arange(MANY, 0, -1) * 60.0, dtype=np.float64)
    repeated = {
        name: np.repeat(getattr(one, name), MANY)
        for name in (
            "event_type", "order_id", "item_id", "quantity", "unit_price", "channel", "rating", "dwell_seconds", "text",
        )
    }  # fmt: skip
    many = replace(one, offsets=np.array([0, MANY]), time=times, **repeated)
    latest = replace(
        one, offsets=np.array([0, HISTORY_ROWS]), time=times[-HISTORY_ROWS:],
        **{name: values[-HISTORY_ROWS:] for name, values in repeated.items()},
    )  # fmt: skip
    (score,), (of_latest,) = scorer().score(many, at()), scorer().score(latest, at())
    (explained,) = scorer().explain(many, at())

    sound(score)
    assert score.purchase_90 == pytest.approx(of_latest.purchase_90, abs=1e-6)
    assert explained.logit == pytest.approx(
        explained.base_logit + sum(one.logit for one in explained.contributions), abs=1e-6
    )


def test_a_customer_who_is_nobody_has_the_score_of_somebody_unknown() -> None:
    known = Histories.from_frame(frame([]), ["nobody", "\u202e"])
    nobody, strange = scorer().score(known, at(2))

    assert nobody == replace(strange, customer_id="nobody")
