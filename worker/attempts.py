"""Attempts that come to no end, since their process is killed each time: there are not ever more of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from campaigns.faults import Code, Hopeless
from database.work import attempts
from database.work.operations import Operation
from worker.tools import Tools

MOST_LOST = 20
"""One after the other without any progress; deployments and crashes of the machine are among them."""


@contextmanager
def attempt(tools: Tools, operation: Operation) -> Iterator[None]:
    """Count this attempt as lost unless the block ends, in whichever way. Raises Hopeless where too many were."""
    with tools.database.writing() as transaction:
        lost = attempts.begin(transaction, operation) - 1
    if lost >= MOST_LOST:
        raise Hopeless(Code.ATTEMPTS_LOST, lost=lost, seconds=tools.settings.redeliver_seconds)
    try:
        yield
    finally:
        with tools.database.writing() as transaction:
            attempts.end(transaction, operation.operation_id)
