"""One look of the clock: when it is, and how long that may take."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from campaigns.actor import BEAT, Cause
from database import patience
from database.session import Database, Transaction

Answer = TypeVar("Answer")
Waiting = TypeVar("Waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What is not begun when it is over is due at the next one."""

    database: Database
    now: datetime
    seconds: float
    """That a transaction may take."""
    enough: Callable[[], bool]
    """Whether it is over."""

    @property
    def cause(self) -> Cause:
        """Of what the clock does by itself."""
        return Cause(actor=BEAT, now=self.now)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is given up after `seconds`."""
        with self.database.writing() as transaction:
            patience.limit(transaction, self.seconds)
            yield transaction

    def in_time(self, waiting: Iterable[Waiting]) -> Iterator[Waiting]:
        """What can still be begun."""
        for what in waiting:
            if self.enough():
                return
            yield what

    def each(self, waiting: Iterable[Waiting], do: Callable[[Transaction, Waiting], Answer]) -> list[Answer]:
        """Do it to what can still be begun, each in a transaction of its own; like `each`."""
        return each(partial(self._done, do, what) for what in self.in_time(waiting))

    def _done(self, do: Callable[[Transaction, Waiting], Answer], what: Waiting) -> Answer:
        with self.writing() as transaction:
            return do(transaction, what)


def each(steps: Iterable[Callable[[], Answer]]) -> list[Answer]:
    """Take all steps, also those after one that breaks; their answers. Raises what broke, at the end."""
    answers, broken = list[Answer](), list[Exception]()
    for step in steps:
        try:
            answers.append(step())
        except Exception as error:  # noqa: BLE001 - raised below
            broken.append(error)
    if broken:
        raise ExceptionGroup("due by the clock", broken)
    return answers
