"""Ids of segments whose authors only gave them a name."""

from datetime import datetime
from itertools import count

from campaigns.terms import naming
from database.audiences import segments
from database.session import Snapshot


def id_for(snapshot: Snapshot, display_name: str, now: datetime) -> str:
    """The id of a name, with a number where a segment of another name has it: one of the same name is what is meant."""
    wanted = naming.id_of(display_name, now, noun="segment")
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(each for each in candidates if _named_so(snapshot, each, display_name))


def _named_so(snapshot: Snapshot, segment_id: str, display_name: str) -> bool:
    found = segments.get(snapshot, segment_id)
    return found is None or found.row.display_name == display_name
