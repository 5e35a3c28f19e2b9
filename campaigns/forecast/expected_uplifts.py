"""What an offer is expected to change of each customer, as a fact for rules: brought up to date behind the facts.

The newest campaign that taught whom its offer changes says it of all customers: as soon as there is one, or a newer
one, and whenever a rescoring has brought the facts up to date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from campaigns import trail
from campaigns.actor import Cause
from campaigns.work import jobs
from database.audiences import facts
from database.forecast import expected_uplifts, uplifts
from database.session import Snapshot, Transaction
from database.work import operations
from database.work.operations import EXPECT_UPLIFTS, SCORE_ALL_CUSTOMERS, Operation

ACTION = "uplifts.expect"
CUSTOMERS = "customers"
"""What the audit log calls all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What the expected uplifts of all customers depend on: as long as it is the same, they are up to date."""

    campaign_id: str
    """Whose lesson says it."""
    rescoring: str
    """Operation that brought the facts up to date last; empty where none is on record."""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """From an operation's request."""
        return cls(campaign_id=request["campaign_id"], rescoring=request["rescoring"])


def begin_due(transaction: Transaction, cause: Cause) -> Operation | None:
    """Begin where something is not up to date and nobody is at it, so that two clocks do no harm; None otherwise.

    What failed or was cancelled waits for a newer lesson, the next rescoring, or somebody who begins it again.
    """
    operations.hold(transaction, EXPECT_UPLIFTS)
    wanted, last = _wanted(transaction), operations.newest(transaction, EXPECT_UPLIFTS)
    if wanted is None or (last is not None and (not last.done or Pinned.of(last.request) == wanted)):
        return None
    return _begin(transaction, cause, wanted)


def begin(transaction: Transaction, cause: Cause) -> Operation:
    """Begin once more what came to nothing, or the work that is under way."""
    operations.hold(transaction, EXPECT_UPLIFTS)
    under_way, wanted = operations.running(transaction, EXPECT_UPLIFTS), _wanted(transaction)
    assert wanted is not None, "lessons stay: what was begun before had one"
    return under_way or _begin(transaction, cause, wanted)


def keep(
    transaction: Transaction, operation: Operation, customer_ids: Sequence[str], effects: Sequence[float], now: datetime
) -> bool:
    """Commit a chunk: progress and facts, together. False when another worker was faster: then nothing is written."""
    ahead = operations.advance(transaction, operation, customer_ids[-1], count=len(customer_ids), now=now)
    if ahead:
        expected_uplifts.keep(transaction, Pinned.of(operation.request).campaign_id, customer_ids, effects)
    return ahead


def finish(transaction: Transaction, operation: Operation, cause: Cause) -> bool:
    """The end; False when another worker was faster."""
    current = operations.at_end(transaction, operation)
    if current is None:
        return False
    response = {"expected_count": current.done_count}
    operations.finish(transaction, operation.operation_id, response, cause.now)
    trail.done(transaction, cause, f"{ACTION}.finish", CUSTOMERS, after=response)
    return True


def _wanted(snapshot: Snapshot) -> Pinned | None:
    """None where no campaign taught anything yet."""
    campaign_id = uplifts.latest_campaign(snapshot)
    rescoring = operations.newest_over(snapshot, SCORE_ALL_CUSTOMERS)
    if campaign_id is None:
        return None
    return Pinned(campaign_id=campaign_id, rescoring="" if rescoring is None else rescoring.operation_id)


def _begin(transaction: Transaction, cause: Cause, pinned: Pinned) -> Operation:
    return jobs.begin(
        transaction, cause, uuid4().hex, EXPECT_UPLIFTS, asdict(pinned),
        total_count=facts.count_customers(transaction), action=ACTION, object_name=CUSTOMERS,
    )  # fmt: skip
