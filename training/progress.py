"""How far long work is, told to whoever watches."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""(stage, done, total)"""


def silence(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
