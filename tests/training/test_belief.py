"""What is believed of a shop before it has told much."""

import numpy as np
import pytest
import torch
from made.histories import NOW, bought, histories, row

from events.event import EventType
from scoring.buying import UNFITTED, chance
from scoring.networks.network import Outputs
from scoring.seen.actions import actions_of, pairs_of
from scoring.seen.catalogue import Catalogue
from scoring.seen.features import raw_features
from training.belief import Belief, belief_of, disbelief

ACTIONS = actions_of(
    histories(bought(100), bought(40), row(EventType.VIEW, 3, "bob", item_id="item-1")),
    Catalogue(("item-1",), (None,), (None,)),
)
NOTHING = np.zeros((2, 0), dtype=np.float32)
BELIEF = belief_of(raw_features(ACTIONS, pairs_of(ACTIONS, np.arange(2), np.full(2, NOW)), UNFITTED), NOTHING, UNFITTED)


def test_a_buyer_is_believed_to_come_as_the_closed_form_says_and_nothing_of_who_has_not_ordered() -> None:
    within = 1 - np.cumprod(1 - BELIEF.hazards[0])
    repeats, last, age = (np.array([value]) for value in (1.0, 60.0, 100.0))

    assert within == pytest.approx([chance(UNFITTED, repeats, last, age, days)[0] for days in (30, 60, 90)])
    assert np.exp(BELIEF.log_spend[0]) > 1000, "an order of 10.00, and what may follow it"
    assert np.isnan(BELIEF.hazards[1]).all()
    assert np.isnan(BELIEF.log_spend[1])


def test_what_is_believed_costs_least_where_it_is_said_and_nothing_where_nothing_is() -> None:
    hazards = torch.tensor([[0.2, -1.0, 0.5], [0.3, 0.3, 0.3]], dtype=torch.float64, requires_grad=True)
    spend = torch.tensor([7.0, 7.0], dtype=torch.float64, requires_grad=True)
    said = torch.sigmoid(hazards[0]).detach().numpy()
    belief = Belief(NOTHING, np.stack((said, np.full(3, np.nan))), np.array([7.0, np.nan]))
    nothing, shares = torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 1.0, 1.0, 0.3])
    cost = disbelief(Outputs(hazards, spend, nothing, nothing, nothing), belief, shares)
    wider = disbelief(Outputs(hazards, spend + 1.0, nothing + 2.0, nothing, nothing), belief, shares)
    cost.sum().backward()  # type: ignore[no-untyped-call]  # torch does not type it

    assert cost[1] == 0
    assert (wider - cost).tolist() == pytest.approx([0.15, 0.0]), "how far amounts spread is not asked"
    assert hazards.grad is not None
    assert spend.grad is not None
    assert hazards.grad.abs().max() < 1e-9
    assert spend.grad.abs().max() == 0
    none = np.append(1.0, np.cumprod(1 - said))
    chances = np.append(none[:-1] * said, none[-1])
    assert cost[0].item() == pytest.approx(-(chances * np.log(chances)).sum()), "the entropy of when the order comes"
