"""Lists that are made ahead of a visit: which orders they are tuned on, and what these say."""

from dataclasses import replace

import numpy as np
import torch
from made.histories import NOW, Row, bought, histories, row
from networks.tiny_model import ITEMS, tiny_model
from scipy import sparse

from events.event import EventType
from scoring.seen.sequence import Tokens
from training.material.ahead import ahead_of
from training.material.held_out import Held, held_out
from training.material.preparation import last_orders, tokens_from
from training.recommending.blending import START, choose_ahead, choose_blend
from training.recommending.popularity import Popularity

MODEL = tiny_model()
HOUR = 1 / 24


def orders(*, viewed: bool) -> tuple[Tokens, Held]:
    """Everybody buys an own thing again, and in the last order a new one, that may have been looked at just before."""
    rows: list[Row] = []
    for who in range(40):
        name, usual, new = f"c{who}", ITEMS[who % 6], ITEMS[6 + who % 6]
        rows += [bought(days, customer=name, item_id=usual) for days in (60, 40, 20)]
        rows += [bought(2, customer=name, item_id=item) for item in (usual, new)]
        if viewed:
            looks = ((2 + 3 * HOUR, ITEMS[0]), (2 + HOUR, new), (2 + HOUR / 2, new))
            rows += [row(EventType.VIEW, days, name, item_id=item) for days, item in looks]
    tokens = tokens_from(histories(*rows), MODEL.catalogue)
    return tokens, held_out(tokens, last_orders(tokens.actions), seed=0)


def test_a_list_made_ahead_is_chosen_by_what_was_known_before_the_visit_and_another_one_than_in_it() -> None:
    tokens, held = orders(viewed=True)
    before = ahead_of(tokens, held, seed=0)
    apart = sparse.csr_matrix(MODEL.together.weights.shape, dtype=np.float32)
    model = replace(MODEL, blend=START, together=replace(MODEL.together, weights=apart))
    popular = Popularity(np.zeros(1), np.ones((1, 14), dtype=np.float32))

    there, _ = choose_blend(model, tokens, held, popular, torch.device("cpu"))
    away, figures = choose_ahead(model, tokens, before, popular, torch.device("cpu"))

    assert np.allclose(before.pairs.as_of, NOW - (2 + HOUR) * 86_400)
    assert (before.pairs.last - before.pairs.first).tolist() == [4] * 40, "what was looked at hours before is known"
    assert (there.again, there.repurchase) == (0.0, False), "what is looked at says enough"
    assert away is not None
    assert (away.again > 0.0, away.repurchase) == (True, True)
    assert figures == {"ahead_hit_rate_10": 1.0, "ahead_ndcg_10": 1.0}


def test_of_a_shop_that_records_orders_alone_nothing_is_asked_ahead_of_a_visit() -> None:
    tokens, held = orders(viewed=False)
    before = ahead_of(tokens, held, seed=0)

    assert (len(held.pairs), len(before.pairs)) == (40, 0)
    nothing = Popularity(np.zeros(1), np.zeros((1, 14), dtype=np.float32))
    assert choose_ahead(MODEL, tokens, before, nothing, torch.device("cpu")) == (None, {})
