"""Recommendations: what is left out stays out, what is asked for comes, and each item has a reason."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made.histories import Row, at, bought, histories, row
from networks.tiny_model import ITEMS, tiny_model
from scipy import sparse

from events.event import EventType
from scoring.model import Model
from scoring.ranking import spread, top
from scoring.reasons.item_words import item_words
from scoring.score import Reason, Recommendation, Strategy, UnknownItem, Why
from scoring.scorer import Scorer
from scoring.together import Together

MODEL = tiny_model()
SCORER = Scorer(MODEL)
KNOWN = histories(bought(9, item_id="item-0"), bought(5, item_id="item-4"))


def items(lists: list[list[Recommendation]]) -> list[str]:
    return [one.item_id for one in lists[0]]


def blended(*, repurchase: bool) -> Scorer:
    return Scorer(replace(MODEL, blend=replace(MODEL.blend, repurchase=repurchase)))


def followed(*pairs: tuple[str, str]) -> Model:
    """A model in which only these items follow one another."""
    weights = np.zeros((len(ITEMS) + 2, len(ITEMS) + 2), dtype=np.float32)
    for before, after in pairs:
        weights[ITEMS.index(before) + 2, ITEMS.index(after) + 2] = 1.0
    return replace(MODEL, together=Together(weights=sparse.csr_matrix(weights), popular=MODEL.together.popular))


@pytest.mark.parametrize("strategy", Strategy)
def test_every_strategy_gives_distinct_known_items_best_first_with_a_reason(strategy: Strategy) -> None:
    found = SCORER.recommend(KNOWN, at(), count=5, strategy=strategy)[0]

    assert len({one.item_id for one in found}) == 5
    assert all(one.item_id in ITEMS and one.reason for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize("strategy", Strategy)
def test_what_was_bought_returns_only_where_the_shop_repeats(strategy: Strategy) -> None:
    once = items(blended(repurchase=False).recommend(KNOWN, at(), count=20, strategy=strategy))
    again = items(blended(repurchase=True).recommend(KNOWN, at(), count=20, strategy=strategy))

    assert set(once) == set(ITEMS) - {"item-0", "item-4"}
    assert set(again) == set(ITEMS)


def test_what_stands_in_an_order_that_goes_on_returns_in_later_ones() -> None:
    """An order that is one action is whole, and what has no id belongs to nothing."""
    scorer = Scorer(replace(MODEL, blend=replace(MODEL.blend, repurchase=True, at_once=False)))
    begun = [bought(9, item_id="item-0"), bought(5, item_id="item-1"), bought(4, order_id="ann-5", item_id="item-4")]

    def missing(*rows: Row) -> set[str]:
        return set(ITEMS) - set(items(scorer.recommend(histories(*rows), at(), count=20)))

    assert missing(*begun) == {"item-1", "item-4"}
    assert missing(*begun, bought(1, item_id="item-7")) == set()
    assert missing(*begun, bought(1, item_id="item-7"), bought(1, item_id="item-8")) == set()
    assert missing(*(line | {"order_id": None} for line in begun)) == set()
    assert missing(*begun, row(EventType.VIEW, 1, item_id="item-2")) == {"item-1", "item-4"}


def test_excluded_items_stay_out() -> None:
    wanted = frozenset(ITEMS[:9])
    two = histories(bought(9, item_id="item-0"), bought(9, customer="bob", item_id="item-0"))
    lists = SCORER.recommend(two, at(2), count=20, exclude=[wanted | {"unheard of"}, frozenset()])

    assert {one.item_id for one in lists[0]} == set(ITEMS[9:])
    assert len(lists[1]) == 11


@pytest.mark.parametrize("strategy", Strategy)
def test_only_items_of_the_catalogue_that_is_given_appear(strategy: Strategy) -> None:
    sold = frozenset(ITEMS[3:9])

    found = SCORER.recommend(KNOWN, at(), count=20, strategy=strategy, among=sold | {"unheard of"})[0]

    assert {one.item_id for one in found} == sold - {"item-4"}


def test_later_purchases_say_nothing() -> None:
    later = histories(bought(9, item_id="item-0"), bought(5, item_id="item-4"), bought(-1, item_id="item-7"))

    assert items(SCORER.recommend(later, at(), count=20)) == items(SCORER.recommend(KNOWN, at(), count=20))


def test_together_follows_the_latest_items_and_says_so() -> None:
    scorer = Scorer(followed(("item-4", "item-9"), ("item-0", "item-3")))
    found = scorer.recommend(KNOWN, at(), count=2, strategy=Strategy.TOGETHER)[0]

    assert [one.item_id for one in found] == ["item-9", "item-3"]
    assert item_words(found[0].reason) == "often bought after Blue Lamp"


def test_session_items_speak_first() -> None:
    scorer = Scorer(followed(("item-4", "item-9"), ("item-5", "item-3")))
    found = scorer.recommend(KNOWN, at(), count=2, strategy=Strategy.TOGETHER, context_items=[["item-5", "unheard of"]])

    assert items(found) == ["item-3", "item-9"]


def test_content_finds_what_is_called_alike() -> None:
    found = SCORER.recommend(KNOWN, at(), count=1, strategy=Strategy.CONTENT)[0]

    assert found[0].item_id == "item-8"
    assert item_words(found[0].reason) == "similar to Blue Lamp"


def test_strangers_get_what_is_popular() -> None:
    stranger, popular = histories(customers=["nobody"]), MODEL.together.popular[2:]

    for strategy in (Strategy.TOGETHER, Strategy.CONTENT, Strategy.DEEP, Strategy.HYBRID):
        found = SCORER.recommend(stranger, at(), count=3, strategy=strategy)[0]
        assert [one.item_id for one in found] == [ITEMS[place] for place in np.argsort(-popular)[:3]]
        assert item_words(found[0].reason) == "popular lately"


def test_who_has_bought_nothing_is_answered_by_a_blend_of_their_own() -> None:
    """Also who has only looked, and beside others."""
    only = replace(MODEL.blend, together=0.0, deep=0.0, content=0.0, popular=0.0, repurchase=True)
    model = replace(followed(("item-4", "item-9")), blend=replace(only, together=1.0))
    model = replace(model, newcomers=replace(only, content=1.0))
    rows = bought(5, item_id="item-4"), row(EventType.VIEW, 5, "bob", item_id="item-4")
    three = histories(*rows, customers=["ann", "bob", "carl"])

    found = Scorer(model).recommend(
        three, at(3), count=1, context_items=[[], [], ["item-4"]], exclude=[frozenset({"item-4"})] * 3
    )

    assert [one[0].item_id for one in found] == ["item-9", "item-0", "item-0"]
    assert [item_words(one[0].reason) for one in found[1:]] == ["similar to Blue Lamp"] * 2
    everybody = Scorer(replace(model, newcomers=None)).recommend(three, at(3), count=1)
    assert [one[0].item_id for one in everybody[:2]] == ["item-9", "item-9"]


def test_who_is_not_there_is_answered_by_the_blend_of_lists_made_ahead() -> None:
    """What a customer does says that they are there for an hour, what the session holds at once; mail does not."""
    only = replace(MODEL.blend, together=0.0, deep=0.0, content=0.0, popular=0.0, repurchase=True)
    model = replace(followed(("item-4", "item-9")), blend=replace(only, together=1.0))
    model = replace(model, ahead=replace(only, content=1.0, repurchase=False))
    names = ["looking", "gone", "in a session", "mailed"]
    rows = [bought(5, customer=name, item_id="item-4") for name in names]
    rows += [row(EventType.VIEW, 0.5 / 24, "looking", item_id="item-4"), row(EventType.MESSAGE, 0.5 / 24, "mailed")]
    rows += [row(EventType.VIEW, 1.5 / 24, name, item_id="item-4") for name in names[1:]]

    found = Scorer(model).recommend(
        histories(*rows, customers=names), at(4), count=12, context_items=[[], [], ["item-4"], []]
    )

    assert [one[0].item_id for one in found] == ["item-9", "item-0", "item-9", "item-0"]
    assert ["item-4" in {item.item_id for item in one} for one in found] == [True, False, True, False]


def test_what_a_blend_says_nothing_of_follows_by_popularity() -> None:
    """Of blends that were chosen by held-out orders some give what is popular no weight."""
    alone = replace(MODEL.blend, together=1.0, deep=0.0, content=0.0, popular=0.0, repurchase=True)
    scorer = Scorer(replace(followed(("item-4", "item-9")), blend=alone))
    everything = [ITEMS[place] for place in np.argsort(-MODEL.together.popular[2:])]

    stranger = scorer.recommend(histories(customers=["nobody"]), at(), count=5)[0]
    known = scorer.recommend(KNOWN, at(), count=5)[0]

    assert [one.item_id for one in stranger] == everything[:5]
    assert [one.item_id for one in known] == ["item-9", *(item for item in everything if item != "item-9")][:5]
    assert {item_words(one.reason) for one in stranger} == {"popular lately"}
    assert item_words(known[0].reason) == "often bought after Blue Lamp"


def test_the_reason_is_the_strategys_own_however_little_it_counts_in_the_blend() -> None:
    scorer = Scorer(replace(MODEL, blend=replace(MODEL.blend, content=1e-6, popular=1.0)))
    found = scorer.recommend(KNOWN, at(), count=1, strategy=Strategy.CONTENT)[0]

    assert item_words(found[0].reason) == "similar to Blue Lamp"


def test_a_shop_that_repeats_brings_again_what_was_bought_often_and_lately() -> None:
    often = [bought(days, item_id="item-3") for days in (99, 64, 15)]
    others = bought(24, item_id="item-5"), bought(3, item_id="item-7"), row(EventType.VIEW, 1, item_id="item-1")
    basket = histories(*often, *others)
    found = blended(repurchase=True).recommend(basket, at(), count=4, strategy=Strategy.AGAIN)[0]

    assert [one.item_id for one in found[:3]] == ["item-3", "item-7", "item-5"]
    assert [one.score for one in found[:3]] == pytest.approx([100**-0.25 + 65**-0.25 + 16**-0.25, 4**-0.25, 25**-0.25])
    assert item_words(found[0].reason) == "bought before"
    assert item_words(found[3].reason) == "popular lately"


def test_of_what_was_bought_that_comes_again_which_others_buy_and_what_nobody_else_does_before_what_was_not() -> None:
    popular = np.zeros(len(ITEMS) + 2)
    popular[[2, 3, 4]] = 1.0, 0.0625, 0.25
    model = replace(MODEL, together=replace(MODEL.together, popular=popular))
    scorer = Scorer(replace(model, blend=replace(MODEL.blend, repurchase=True, fashion=0.5)))
    basket = histories(*(bought(15, item_id=item) for item in ("item-1", "item-2", "item-5")))
    found = scorer.recommend(basket, at(), count=4, strategy=Strategy.AGAIN)[0]

    assert [one.item_id for one in found] == ["item-2", "item-1", "item-5", "item-0"]
    assert [one.score for one in found[:2]] == pytest.approx([0.5 * 16**-0.25, 0.25 * 16**-0.25])


def test_of_what_was_bought_that_comes_again_which_the_shop_comes_back_to_after_so_many_orders() -> None:
    """Of items of the latest order, of the one before it, and of the fourth: a view between them is no order."""
    rest = (0.1, 1.0, 3.0, 1.0, 2.0, *[1.0] * 11)
    scorer = Scorer(replace(MODEL, blend=replace(MODEL.blend, repurchase=True, rest=rest)))
    orders = [bought(20, item_id="item-1"), *(bought(15, item_id=f"item-{n}") for n in (1, 2))]
    looked = row(EventType.VIEW, 12, item_id="item-8")
    basket = histories(bought(30, item_id="item-3"), *orders, looked, bought(8, item_id="item-4"))
    found = scorer.recommend(basket, at(), count=4, strategy=Strategy.AGAIN)[0]

    assert [one.item_id for one in found] == ["item-1", "item-2", "item-3", "item-4"]
    assert [one.score for one in found] == pytest.approx(
        [3 * (21**-0.25 + 16**-0.25), 3 * 16**-0.25, 2 * 31**-0.25, 0.1 * 9**-0.25]
    )


def test_a_view_is_no_purchase_but_speaks() -> None:
    looked = histories(row(EventType.VIEW, 1, item_id="item-4"))
    found = items(Scorer(followed(("item-4", "item-9"))).recommend(looked, at(), count=20, strategy=Strategy.TOGETHER))

    assert found[0] == "item-9"


@pytest.mark.parametrize("strategy", [Strategy.TOGETHER, Strategy.CONTENT])
def test_what_was_looked_at_and_not_bought_is_not_said_to_follow_itself(strategy: Strategy) -> None:
    scorer = Scorer(followed(("item-4", "item-4"), ("item-4", "item-8")))
    looked = histories(row(EventType.VIEW, 2, item_id="item-4"))
    why = {one.item_id: one.reason for one in scorer.recommend(looked, at(), count=2, strategy=strategy)[0]}

    assert why["item-4"] == Reason(Why.LOOKED_AT)
    assert item_words(why["item-4"]) == "looked at lately"
    assert {reason.source_id for reason in why.values()} == {None, "item-4"}


def test_diversity_spreads_the_list_and_keeps_the_best_first() -> None:
    plain = items(SCORER.recommend(KNOWN, at(), count=4, strategy=Strategy.CONTENT))
    spread_out = items(SCORER.recommend(KNOWN, at(), count=4, strategy=Strategy.CONTENT, diversity=0.6))

    assert spread_out[0] == plain[0]
    assert _alikeness(spread_out) < _alikeness(plain)


def _alikeness(chosen: list[str]) -> float:
    rows = Scorer(MODEL)._recommender.content.words[[ITEMS.index(item) + 2 for item in chosen]]
    return float((rows @ rows.T).sum())


def test_full_diversity_never_repeats_a_kind_while_others_are_left() -> None:
    content = sparse.csr_matrix(np.array([[1.0, 0], [1, 0], [0, 1]]))

    assert spread(np.array([0, 1, 2]), np.array([3.0, 2.0, 1.0]), content, 2, 1.0).tolist() == [0, 2]
    assert spread(np.array([0, 1, 2]), np.array([3.0, 2.0, 1.0]), content, 2, 0.0).tolist() == [0, 1]


@pytest.mark.parametrize(("changes", "field"), [({"count": 0}, "count"), ({"count": 1, "diversity": 1.5}, "diversity")])
def test_a_request_that_makes_no_sense_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        SCORER.recommend(KNOWN, at(), **changes)


def test_similar_items_leave_out_the_item_itself() -> None:
    found = SCORER.similar("item-0", 3)

    assert "item-0" not in [one.item_id for one in found]
    assert {one.item_id for one in SCORER.similar("item-0", 2)} <= set(ITEMS)
    with pytest.raises(UnknownItem, match="unheard of"):
        SCORER.similar("unheard of", 3)


def test_the_largest_come_first_and_hidden_ones_never() -> None:
    assert top(np.array([1.0, 3.0, -np.inf, 3.0]), 9).tolist() == [1, 3, 0]


def test_of_equal_ones_a_longer_list_begins_with_the_shorter_one() -> None:
    scores = np.zeros(5000)
    scores[[4000, 7]], scores[:3] = 1.0, -np.inf

    assert top(scores, 4).tolist() == [7, 4000, 3, 4]
    assert all(top(scores, count).tolist() == top(scores, 2000)[:count].tolist() for count in (1, 2, 3, 10, 999))
