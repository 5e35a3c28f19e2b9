"""Which questions share a pass, and that they are answered as each would be alone."""

import numpy as np
import pytest
import torch
from made.histories import NOW, bought, histories
from networks.tiny_model import tiny_model

from scoring.answers import ask, ask_each
from scoring.networks.passing import Plainly
from scoring.seen.actions import Pairs, actions_of, pairs_of
from scoring.seen.blocks import PASSES
from scoring.seen.sequence import TOKENS, tokens_of
from scoring.seen.sittings import sittings

CPU = torch.device("cpu")


def pairs(*of: tuple[int, int, int]) -> Pairs:
    customer, first, last = np.array(of, dtype=np.int64).reshape(-1, 3).T
    return Pairs(customer=customer, as_of=np.zeros(len(of)), first=first, last=last)


@pytest.mark.parametrize(
    ("asked_of", "order", "starts"),
    [
        ([], [], [0]),
        ([(0, 0, 5), (1, 5, 9), (0, 0, 3)], [2, 0, 1], [0, 2, 3]),
        ([(0, 0, 9), (0, 0, TOKENS), (0, 0, TOKENS - 1)], [0, 2, 1], [0, 3]),
        ([(0, 0, 9), (0, 0, TOKENS + 1)], [0, 1], [0, 1, 2]),
        ([(0, 0, 9), (0, 4, 9), (0, 4, 8)], [0, 2, 1], [0, 1, 3]),
    ],
)
def test_questions_that_begin_at_the_same_action_share_a_sitting_unless_one_cannot_see_it(
    asked_of: list[tuple[int, int, int]], order: list[int], starts: list[int]
) -> None:
    found = sittings(pairs(*asked_of))

    assert [part.tolist() for part in found] == [order, starts]


def test_what_is_asked_in_one_sitting_is_answered_as_if_asked_alone() -> None:
    model = tiny_model()
    long, short = ([bought(day / 2, customer=name) for day in range(days)] for name, days in (("ann", 150), ("bob", 9)))
    actions = actions_of(histories(*long, *short), model.catalogue)
    asking = pairs_of(actions, np.tile([1, 0], 4), NOW - np.repeat([3.0, 0.0, 40.0, 1.0], 2) * 86_400)
    tabular = np.random.default_rng(0).normal(size=(8, model.networks[0].shape.features)).astype(np.float32)
    tokens = tokens_of(actions)
    together = ask(model.networks, tokens, asking, tabular, CPU)
    alone = ask_each(Plainly(model.networks, CPU), tokens, asking, tabular, PASSES["cpu"])

    for name in ("hazards", "log_mean", "log_sigma", "silence"):
        np.testing.assert_allclose(getattr(together, name), getattr(alone, name), atol=1e-6)
