"""Work on the next chunk while the last one is written: the network and the database seldom wait for each other."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

Made = TypeVar("Made")


class _Begun(NamedTuple, Generic[Made]):
    key: Hashable
    future: "Future[Made]"


class Ahead(Generic[Made]):
    """One piece of work on a thread of its own; what nobody asks for is dropped."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._begun: _Begun[Made] | None = None

    def begin(self, key: Hashable, work: Callable[[], Made]) -> None:
        """Start on what will be asked for by this key, most likely."""
        self._begun = _Begun(key, self._thread.submit(work))

    def take(self, key: Hashable, work: Callable[[], Made]) -> Made:
        """What was begun by this key, or made now. Raises whatever the work raises."""
        begun, self._begun = self._begun, None
        return begun.future.result() if begun is not None and begun.key == key else work()

    def settle(self) -> None:
        """Let what was begun come to its end, for whoever asks next in this process; what failed is made anew then."""
        if self._begun is not None and self._begun.future.exception() is not None:
            self._begun = None
