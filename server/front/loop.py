"""The event loop that speaks gRPC, in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")

ASIDE_THREADS = 8
"""For what a call of the loop has to wait for: credentials that are new here, stored scores."""


class Loop:
    """Runs from the beginning until it is closed; asked from other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(ASIDE_THREADS, thread_name_prefix="aside"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Do this in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do this in the loop, and wait until it is done."""
        return self.begin(work).result()

    def soon(self, call: Callable[[], object]) -> None:
        """Call this in the loop, and do not wait."""
        self._loop.call_soon_threadsafe(call)

    def close(self) -> None:
        """End it; whatever is under way in it is left as it is."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
