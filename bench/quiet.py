"""A stretch of time in which Python looks for no garbage: it would be taken for the time of what is measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """For loops that leave no cycles behind."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
