"""A thread for work that may never come back."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")


class Aside:
    """Does one thing after another; where one does not come back it is left behind, and the process ends without it."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name="aside", daemon=True).start()

    def begin(self, work: Callable[[], Result]) -> "Future[Result]":
        """Do this after what was asked before."""
        promise: Future[Result] = Future()
        self._asked.put((work, promise))
        return promise

    def close(self) -> None:
        """End once all that was asked is done."""
        self._asked.put(None)

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            work, promise = asked
            try:
                promise.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
                promise.set_exception(error)
            # Nothing of the last batch is kept until the next one comes.
            del asked, work, promise
