"""The loop that every language model learns by: AdamW, a rate that rises and falls, the best epoch kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.curves.curves import NOWHERE, Curves
from training.progress import Progress
from training.text.batches import Batches
from training.text.encoder import moved
from training.text.recipe import Recipe

Loss = Callable[[dict[str, Tensor], Tensor], Tensor]
"""Of a batch and its labels."""
GRADIENT_LIMIT = 1.0


class Diverged(ValueError):
    """The weights are no numbers any more, and would be written as if they were."""


@dataclass(frozen=True, slots=True)
class Learned:
    """How it went."""

    best_epoch: int
    losses: tuple[float, ...]
    """Of validation, an epoch each; empty where nothing was validated."""


def run_epochs(
    model: nn.Module, batches: Batches, loss: Loss, *, epochs: int, recipe: Recipe, rate: float, seed: int, stage: str,
    progress: Progress, validate: Callable[[], float] | None = None, curves: Curves = NOWHERE,
    after_step: Callable[[int], None] | None = None,
) -> Learned:  # fmt: skip
    """Learn what has a gradient; with `validate` (smaller is better) keep the best epoch and stop out of patience.

    Raises:
        Diverged: There is nothing to keep any more.
    """
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=rate, weight_decay=recipe.weight_decay)
    total, losses, best = epochs * len(batches), list[float](), dict[str, Tensor]()
    step, device = 0, learned[0].device
    for epoch in range(epochs):
        random = np.random.default_rng((seed, epoch))
        torch.manual_seed(int(random.integers(2**62)))
        model.train()
        for batch, labels in batches.shuffled(random):
            for group in optimizer.param_groups:
                group["lr"] = rate * _share(step / total, recipe.warm_up)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bfloat16):
                found = loss(moved(batch, device), labels.to(device))
            found.backward()  # type: ignore[no-untyped-call]  # torch does not type it
            nn.utils.clip_grad_norm_(learned, GRADIENT_LIMIT)
            optimizer.step()
            if after_step is not None:
                after_step(step)
            step += 1
            curves.note(f"{stage}/loss", _finite(float(found.detach()), stage, step, rate), step)
            progress(stage, step, total)
        model.eval()
        if validate is None:
            continue
        losses.append(_finite(validate(), stage, step, rate))
        curves.note(f"{stage}/validation", losses[-1], epoch + 1)
        if losses[-1] == min(losses):
            best = {name: value.clone() for name, value in model.state_dict().items()}
        if epoch - int(np.argmin(losses)) >= recipe.patience:
            progress(stage, total, total)
            break
    if best:
        model.load_state_dict(best)
    return Learned(1 + int(np.argmin(losses)) if losses else epochs, tuple(losses))


def _finite(loss: float, stage: str, step: int, rate: float) -> float:
    if not math.isfinite(loss):
        raise Diverged(f"{stage}: the loss is {loss} at step {step}; choose a lower rate than {rate:g}")
    return loss


def _share(done: float, warm_up: float) -> float:
    """Of the learning rate: up in a line, down in a line."""
    return done / warm_up if done < warm_up else (1.0 - done) / (1.0 - warm_up)
