"""The training loop: epochs, averaged weights, early stopping, and a checkpoint after every epoch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scoring.networks.network import Network
from scoring.seen.actions import Integers
from scoring.whole_file import whole_file
from training.company import ALONE, Company
from training.configuration import Configuration
from training.curves.curves import NOWHERE, Curves
from training.loss import Happened, item_loss, value_loss
from training.material.examples import NONE, Examples, Lesson, lessons
from training.predictors.linear_start import penalty
from training.progress import Progress

Validate = Callable[[Network], float]
"""Loss of the averaged network on what it has not seen; smaller is better."""

GRADIENT_LIMIT = 1.0


@dataclass(slots=True)
class Gradient:
    """Of a table of which a step reads some rows: kept whole, for all of it anew costs more than the step itself."""

    whole: Tensor
    rows: Tensor
    """Those that are not zero."""

    def take(self, sparse: Tensor) -> Tensor:
        """The same, whole."""
        found = sparse.coalesce()
        self.whole[self.rows] = 0.0
        self.rows = found.indices()[0]
        self.whole[self.rows] = found.values()
        return self.whole


@dataclass(slots=True)
class Learner:
    """One network in training. The weights that count are those of `average`."""

    network: Network
    average: Network
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    """Of validation, an epoch each."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """Averaged weights of the best epoch."""
    gradients: dict[nn.Parameter, Gradient] = field(default_factory=dict)
    """Of what is read row by row."""

    @property
    def best_epoch(self) -> int:
        """Epochs done when validation was best."""
        return 1 + int(np.argmin(self.losses)) if self.losses else self.epoch


Epoch = Callable[[Learner], float | None]
"""One epoch of steps; the mean of their losses, if that may be known."""


def learner_of(network: Network, average: Network, configuration: Configuration) -> Learner:
    """A fresh learner; only matrices decay, not biases, norms and vectors."""
    average.load_state_dict(network.state_dict())
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": configuration.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return Learner(
        network, average, torch.optim.AdamW(groups, lr=configuration.learning_rate, betas=(0.9, 0.98), fused=True)
    )


def learn(
    learner: Learner, epoch: Epoch, *, stage: str, epochs: int, checkpoint: Path | None, progress: Progress,
    validate: Validate | None = None, patience: int = 0, curves: Curves = NOWHERE, company: Company = ALONE,
) -> None:  # fmt: skip
    """Train up to `epochs`, resuming from the checkpoint if there is one; with `validate`, stop when patience ends.

    Where the randomness of an epoch depends on its number alone, a run that was killed and resumed ends with the same
    weights as one that was not.
    """
    if checkpoint is not None and checkpoint.exists():
        _restore(learner, checkpoint)
    company.meet()
    while learner.epoch < epochs and not _out_of_patience(learner, patience):
        loss = epoch(learner)
        if loss is not None:
            curves.note(f"{stage}/loss", loss, learner.epoch)
        if validate is not None:
            learner.losses.append(validate(learner.average.eval()))
            curves.note(f"{stage}/validation", learner.losses[-1], learner.epoch)
            if learner.best_epoch == learner.epoch:
                learner.best = {name: value.clone() for name, value in learner.average.state_dict().items()}
        if checkpoint is not None and company.leads:
            _store(learner, checkpoint)
        progress(stage, learner.epoch, epochs)
    if learner.best:
        learner.average.load_state_dict(learner.best)


def _out_of_patience(learner: Learner, patience: int) -> bool:
    return bool(learner.losses) and learner.epoch - learner.best_epoch >= patience


def from_lessons(examples: Examples, configuration: Configuration, seed: int, company: Company = ALONE) -> Epoch:
    """Epochs of lessons; the randomness of each depends on the seed and its number alone."""
    return lambda learner: _epoch(learner, examples, configuration, seed, company)


def _epoch(learner: Learner, examples: Examples, configuration: Configuration, seed: int, company: Company) -> float:
    """Mean loss of its steps."""
    losses: list[float] = []
    device = next(learner.network.parameters()).device
    random = np.random.default_rng((seed, learner.epoch))
    torch.manual_seed(int(random.integers(2**62)) + company.rank)
    learner.network.train()
    for lesson in lessons(examples, configuration, random):
        for group in learner.optimizer.param_groups:
            group["lr"] = configuration.learning_rate * min(1.0, (learner.step + 1) / configuration.warm_up_steps)
        learner.optimizer.zero_grad(set_to_none=True)
        part = company.part(lesson)
        if len(part.pair):
            loss = _loss(learner.network, examples, part, configuration, device)
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
            _whole(learner)
            losses.append(float(loss.detach()))
        company.share_gradients(learner.network.parameters(), len(part.pair) / len(lesson.pair))
        torch.nn.utils.clip_grad_norm_(learner.network.parameters(), GRADIENT_LIMIT)
        learner.optimizer.step()
        learner.step += 1
        follow(learner, configuration.averaging)
    learner.epoch += 1
    return float(np.mean(losses)) if losses else 0.0


def _whole(learner: Learner) -> None:
    """Gradients of some rows become such of all."""
    for each in learner.network.parameters():
        if each.grad is not None and each.grad.is_sparse:
            nothing = torch.zeros(0, dtype=torch.int64, device=each.device)
            if each not in learner.gradients:
                learner.gradients[each] = Gradient(torch.zeros_like(each), nothing)
            each.grad = learner.gradients[each].take(each.grad)


def _loss(
    network: Network, examples: Examples, lesson: Lesson, configuration: Configuration, device: torch.device
) -> Tensor:
    telling_items = configuration.item_weight > 0
    with torch.autocast(device.type, torch.bfloat16, enabled=configuration.bfloat16):
        outputs = network(lesson.batch.to(device), states=telling_items).exactly()
    happened = happened_to(examples, lesson.pair, device)
    value = value_loss(outputs, happened, configuration) + penalty(network.direct.weight, configuration)
    if not telling_items:
        return value
    items = item_loss(network, outputs.states, torch.from_numpy(lesson.target).to(device), configuration.negatives)
    return value + configuration.item_weight * items


def happened_to(examples: Examples, pair: Integers, device: torch.device) -> Happened:
    """Labels of questions [B, Q], which weigh nothing where there is padding."""
    labels = examples.labels
    return Happened(
        weight=torch.from_numpy(np.where(pair == NONE, 0.0, examples.weight[pair])).float().to(device),
        told=torch.from_numpy(labels.told[pair]).to(device),
        interval=torch.from_numpy(labels.interval[pair]).to(device),
        spend=torch.from_numpy(labels.spend[pair]).float().to(device),
        silent=torch.from_numpy(labels.silent[pair]).float().to(device),
    )


@torch.no_grad()
def follow(learner: Learner, averaging: float) -> None:
    """Move the average towards the network; early on faster, so that it forgets the random start."""
    keep = min(averaging, (1 + learner.step) / (10 + learner.step))
    ours: list[Tensor] = list(learner.average.parameters())
    theirs: list[Tensor] = list(learner.network.parameters())
    torch._foreach_lerp_(ours, theirs, 1.0 - keep)


def _store(learner: Learner, checkpoint: Path) -> None:
    state = {
        "network": learner.network.state_dict(),
        "average": learner.average.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
        "best": learner.best,
        "epoch": learner.epoch,
        "step": learner.step,
        "losses": learner.losses,
    }
    with whole_file(checkpoint) as unfinished, unfinished.open("wb") as file:
        torch.save(state, file)


def _restore(learner: Learner, checkpoint: Path) -> None:
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    learner.network.load_state_dict(state["network"])
    learner.average.load_state_dict(state["average"])
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.best, learner.epoch, learner.step, learner.losses = (
        state["best"], state["epoch"], state["step"], [float(loss) for loss in state["losses"]],
    )  # fmt: skip
    if not all(math.isfinite(loss) for loss in learner.losses):
        raise ValueError(f"{checkpoint}: holds a loss that is not finite; delete it to train from the start")
