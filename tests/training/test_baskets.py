"""Which first orders guests' lists are tuned on, and what these say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made.histories import NOW, Row, bought, histories, row
from networks.tiny_model import ITEMS, tiny_model
from scipy import sparse

from events.event import EventType
from scoring.seen.sequence import Tokens
from training.material.baskets import baskets_of
from training.material.preparation import tokens_from
from training.recommending.blending import START, choose_newcomers
from training.recommending.popularity import Popularity

CATALOGUE = tiny_model().catalogue


def tokens(*rows: Row) -> Tokens:
    return tokens_from(histories(*rows), CATALOGUE)


def order(days: float, customer: str, *items: str, step: float = 0.0) -> list[Row]:
    return [
        bought(days - line * step, customer=customer, order_id=f"{customer}-{days}", item_id=item)
        for line, item in enumerate(items)
    ]


@pytest.mark.parametrize("step", [0.0, 1e-5])
def test_the_newest_first_orders_are_cut_in_two_and_nothing_else_is(step: float) -> None:
    """As one action or line by line; later orders and unknown items are no part of them."""
    rows = [line for who in range(8) for line in order(90 + who, f"old-{who}", *ITEMS[:3], step=step)]
    rows += order(20, "new", "item-4", "strange", "item-5", "item-6", "item-4", step=step) + order(9, "new", "item-7")
    rows += order(30, "alone", "item-8") + order(8, "alone", "item-9", "item-10", step=step)
    found = baskets_of(tokens(*rows), seed=0)

    (basket,), (rest,) = found.held.bought, found.held.wanted
    assert [*basket, *rest] == [6, 7, 8]
    assert min(len(basket), len(rest)) > 0
    assert found.held.pairs.as_of.tolist() == [NOW - 20 * 86_400]
    assert found.left_out.sum() == (5 if step else 1)


def test_who_looked_before_may_have_an_empty_basket() -> None:
    rows = [line for who in range(10) for line in [row(EventType.VIEW, 9, f"c{who}"), *order(8, f"c{who}", "item-1")]]
    found = baskets_of(tokens(*rows), seed=0)

    assert [len(basket) for basket in found.held.bought] == [0, 0]
    assert [rest.tolist() for rest in found.held.wanted] == [[3], [3]]
    assert (found.held.pairs.last - found.held.pairs.first).tolist() == [1, 1]


@pytest.mark.parametrize(("customers", "tells"), [(200, True), (100, False)])
def test_guests_blend_is_what_first_orders_say_and_the_usual_one_where_they_are_few(
    *, customers: int, tells: bool
) -> None:
    """Whoever buys a lamp buys the others, though what was bought together says nothing of it."""
    rows = [line for who in range(customers) for line in order(1 + who, f"c{who}", "item-0", "item-4", "item-8")]
    model = tiny_model()
    apart = sparse.csr_matrix(model.together.weights.shape, dtype=np.float32)
    model = replace(model, blend=START, together=replace(model.together, weights=apart))
    popular = np.ones((1, 14), dtype=np.float32)
    popular[0, [2, 6, 10]] = 0.5
    usual = replace(START, content=0.0, popular=1.0)

    blend, figures = choose_newcomers(
        model, tokens(*rows), baskets_of(tokens(*rows), seed=0), Popularity(np.zeros(1), popular), usual,
        torch.device("cpu"),
    )  # fmt: skip

    assert (blend is not None and blend.content > 0.0) == tells
    assert figures.keys() == ({"newcomers_hit_rate_10", "newcomers_ndcg_10"} if tells else set())
