"""Which items can be had: said by the shop at any time, and followed without another training."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from database.events.tables import AvailabilityRow
from database.session import Snapshot, Transaction, driver_connection

# Until the commit, so that no revision comes to light after a greater one.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('availability'))"
SAY = """
INSERT INTO availability AS old (item_id, available)
SELECT item_id, available FROM unnest(%s::text[], %s::boolean[]) AS said (item_id, available)
WHERE NOT available OR EXISTS (SELECT FROM availability AS known WHERE known.item_id = said.item_id)
ON CONFLICT (item_id) DO UPDATE SET available = excluded.available, revision = DEFAULT, change_time = now()
WHERE old.available <> excluded.available
"""
REVISION = "SELECT coalesce(max(revision), 0) FROM availability"
UNAVAILABLE = "SELECT coalesce(string_agg(item_id, E'\\n'), '') FROM availability WHERE NOT available"


class UnavailableItem(NamedTuple):
    """An item that cannot be had."""

    item_id: str
    change_time: datetime


def say(transaction: Transaction, availability: Mapping[str, bool]) -> int:
    """Whether each of the items can be had, also of those that no catalogue has; of how many that is new."""
    connection = driver_connection(transaction)
    connection.execute(ALONE)
    return connection.execute(SAY, (list(availability), list(availability.values()))).rowcount


def revision(snapshot: Snapshot) -> int:
    """Another one whenever something changed; 0 as long as nothing was said."""
    (found,) = driver_connection(snapshot).execute(REVISION).fetchone() or (0,)
    return int(str(found))


def unavailable(snapshot: Snapshot) -> str:
    """All items that cannot be had, one a line: of a hundred thousand a text is read in a tenth of the time of rows."""
    (found,) = driver_connection(snapshot).execute(UNAVAILABLE).fetchone() or ("",)
    return str(found)


def page(snapshot: Snapshot, *, after: str, limit: int) -> list[UnavailableItem]:
    """Items that cannot be had, by their ids, after one of them."""
    columns = select(AvailabilityRow.item_id, AvailabilityRow.change_time)
    mine = columns.where(~AvailabilityRow.available, AvailabilityRow.item_id > after)
    found = mine.order_by(AvailabilityRow.item_id).limit(limit)
    return [UnavailableItem(*row) for row in snapshot.execute(found)]
