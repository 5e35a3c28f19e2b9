"""The loss of a question counts what is over of its window, and nothing else."""

import numpy as np
import pytest
import torch

from scoring.networks.network import Outputs
from training.configuration import Configuration
from training.loss import Happened, question_loss, value_loss

USUAL = Configuration()
LOGITS = torch.tensor([[0.3, -0.7, 1.1]])


def said(count: int) -> Outputs:
    some = torch.zeros(count)
    return Outputs(LOGITS.expand(count, 3), some, some - 1.0, some, torch.zeros(count, 0, 1))


def happened(*told_and_interval: tuple[int, int]) -> Happened:
    told, interval = torch.tensor(told_and_interval).T
    count = len(told)
    return Happened(torch.ones(count), told, interval, torch.full((count,), 100.0), torch.zeros(count))


@pytest.mark.parametrize(("told", "interval"), [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)])
def test_an_open_window_costs_the_hazards_of_the_intervals_that_are_over(told: int, interval: int) -> None:
    step, chance = np.arange(3), 1 / (1 + np.exp(-LOGITS[0].numpy()))
    costs = -np.log(np.where(step == interval, chance, 1 - chance))

    loss = question_loss(said(1), happened((told, interval)), USUAL)
    assert loss.numpy() == pytest.approx([costs[: min(told, interval + 1)].sum()])


def test_an_open_window_counts_in_the_mean_as_far_as_it_is_over() -> None:
    each = question_loss(said(3), happened((3, 3), (1, 1), (2, 0)), USUAL)

    assert value_loss(said(3), happened((3, 3), (1, 1), (2, 0)), USUAL).item() == pytest.approx(each.sum().item() / 2)
