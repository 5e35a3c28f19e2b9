"""On which device a process computes, and what it does when the device is lost."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from scoring.pool.refusals import ReplicaDied


def device_of(asked: str, number: int, gpus: int) -> str:
    """`cuda` stands for every GPU in turn: the process of this number takes the next one."""
    return f"cuda:{number % max(gpus, 1)}" if asked == "cuda" else asked


@contextmanager
def dying_with_the_device() -> Iterator[None]:
    """Raises ReplicaDied where the device fails: whatever a process asks of it from then on would fail as well.

    That its memory is full is no such failure: fewer rows may fit.
    """
    try:
        yield
    except torch.AcceleratorError as error:
        raise ReplicaDied(f"the device is lost: {error}") from error
