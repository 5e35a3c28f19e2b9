"""Processes that learn together, a GPU each: every lesson is divided among them, and all take the same step.

So a run does not depend on how many there are, but for rounding and for what dropout hides. `torchrun` starts them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import distributed, nn
from torch.nn.utils import parameters_to_vector

from scoring.seen.sequence import Batch
from training.material.examples import Lesson


@dataclass(frozen=True, slots=True)
class Company:
    """Of `size` processes this is number `rank`."""

    rank: int = 0
    size: int = 1

    @classmethod
    def joined(cls, device: str) -> Self:
        """With the others that torchrun started, when all are there; alone without it."""
        if not is_called():
            return cls()
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this one writes and speaks for all."""
        return self.rank == 0

    def device(self, asked: str) -> str:
        """For `cuda` each takes the GPU of its number on its machine."""
        return f"cuda:{distributed.get_node_local_rank()}" if asked == "cuda" and self.size > 1 else asked

    def part(self, lesson: Lesson) -> Lesson:
        """This one's sequences of a lesson, which may be none."""
        mine = slice(self.rank, None, self.size)
        batch = Batch(**{field.name: getattr(lesson.batch, field.name)[mine] for field in fields(Batch)})
        return Lesson(batch=batch, pair=lesson.pair[mine], target=lesson.target[mine])

    def share_gradients(self, parameters: Iterable[nn.Parameter], weight: float) -> None:
        """Replace gradients by the sum over all processes of `weight` times theirs; weights sum to 1."""
        if self.size == 1:
            return
        learned = [each for each in parameters if each.requires_grad]
        given = [torch.zeros_like(each) if each.grad is None else each.grad for each in learned]
        total = parameters_to_vector(given) * weight
        distributed.all_reduce(total)
        # Not into what was given: a learner that keeps it would take the rows of others for its own in the next step.
        parts = torch.split(total, [each.numel() for each in learned])
        for each, gradient in zip(learned, parts, strict=True):
            each.grad = gradient.view_as(each)

    def meet(self) -> None:
        """Wait for all."""
        if self.size > 1:
            distributed.barrier()

    def leave(self) -> None:
        """At the end of a run."""
        if self.size > 1:
            distributed.destroy_process_group()


def is_called() -> bool:
    """Whether torchrun has started this process."""
    return distributed.is_torchelastic_launched()


ALONE = Company()
