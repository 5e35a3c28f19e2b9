"""What the model is measured beside, where there is hardly anything to learn."""

import numpy as np
from made.histories import AS_OF, NOW, bought, frame
from networks.small_training import course, prepared

from training.evaluating.baselines import linear
from training.material.labels import questions
from training.material.validation import forward_of


def test_where_nobody_came_again_nothing_is_expected_to_be_spent() -> None:
    once = course(frame([bought(101 + 5 * number, customer=f"customer-{number}") for number in range(40)]), as_of=AS_OF)
    known = prepared(once)
    asked = questions(once.tokens.actions, np.array([NOW]))
    said = linear(forward_of(once.tokens, asked, known, np.zeros(once.customers, dtype=bool)), known)

    assert not known.examples.labels.bought.any()
    assert said.purchase.tolist() == said.spend.tolist() == said.orders.tolist() == [0.0] * 40
