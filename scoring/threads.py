"""How many processor threads one process may use for tensors."""

import torch


def limit_threads() -> None:
    """Let tensors use one thread: more processes scale better, and contended threads cost 3 to 10 times."""
    torch.set_num_threads(1)
