"""Whether the caller of a call has gone before the answer came, or is refused, and what to do then."""

from collections.abc import Callable


class Hangup:
    """Noticed by the event loop, asked about by the thread that answers. It has no lock: each list operation is one."""

    def __init__(self) -> None:
        self._then: list[Callable[[], object]] = []
        self.happened = False

    def then(self, do: Callable[[], object]) -> None:
        """Do this once, when nobody waits any more; now, if that is so."""
        self._then.append(do)
        if self.happened:
            self._do()

    def happen(self) -> None:
        """The caller is gone, or is told why there is no answer."""
        self.happened = True
        self._do()

    def _do(self) -> None:
        while self._then:
            try:
                do = self._then.pop()
            except IndexError:
                return
            do()
