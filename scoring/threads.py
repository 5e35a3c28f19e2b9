"""How many processor threads one process may use for tensors."""

import torch


def limit_threads(count: int = 1) -> None:
    """Let tensors use `count` threads: more processes scale better, and contended threads cost 3 to 10 times."""
    torch.set_num_threads(count)
