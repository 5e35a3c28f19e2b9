"""Attempts that come to no end, since their process is killed each time: there are not ever more of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from database.work import attempts
from database.work.operations import Operation
from worker.tools import Tools

MOST_LOST = 20
"""One after the other without any progress; deployments and crashes of the machine are among them."""


class AttemptsLost(Exception):
    """A chunk cannot be done, and nobody of those who tried could say why."""


@contextmanager
def attempt(tools: Tools, operation: Operation) -> Iterator[None]:
    """Count this attempt as lost unless the block ends, in whichever way. Raises AttemptsLost where too many were."""
    with tools.database.writing() as transaction:
        lost = attempts.begin(transaction, operation) - 1
    if lost >= MOST_LOST:
        raise AttemptsLost(
            f"the last {lost} attempts came to no end: their processes were killed, for want of memory or because a "
            f"chunk took longer than {tools.settings.redeliver_seconds} s (TIERWISE_REDELIVER_SECONDS)"
        )
    try:
        yield
    finally:
        with tools.database.writing() as transaction:
            attempts.end(transaction, operation.operation_id)
