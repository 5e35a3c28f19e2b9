"""Use cases on items: which of them can be had, and which not."""

from collections.abc import Mapping

from campaigns import trail
from campaigns.actor import Cause
from database.events import availability
from database.session import Snapshot, Transaction
from scoring.score import Unavailable

OBJECT = "items"


def say(transaction: Transaction, cause: Cause, said: Mapping[str, bool]) -> int:
    """Whether each item can be had; of how many that is new. What is said again does nothing."""
    changed = availability.say(transaction, said)
    if changed:
        gone = sum(not available for available in said.values())
        facts = {"unavailable": gone, "available": len(said) - gone, "changed": changed}
        trail.done(transaction, cause, "items.update", OBJECT, after=facts)
    return changed


def unavailable(snapshot: Snapshot) -> Unavailable:
    """What cannot be had at the moment, for a recommendation."""
    return Unavailable(availability.revision(snapshot), availability.unavailable(snapshot))
