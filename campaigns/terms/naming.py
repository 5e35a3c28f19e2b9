"""Ids for what people only gave a name. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from itertools import count

ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST = 50
"""Leaves room for a number."""
OTHERS = re.compile(r"[^a-z0-9]+")


def ids_of(display_name: str, now: datetime, *, noun: str) -> Iterator[str]:
    """Letters and digits of the name, joined by hyphens; after the noun what begins otherwise, and the day for none.

    Then the same with a number, for an id that is taken.
    """
    letters = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode().lower()
    words = OTHERS.sub("-", letters).strip("-")[:LONGEST].strip("-")
    found = words if ID.fullmatch(words) else f"{noun}-{words or now.strftime('%Y-%m-%d')}"
    yield found
    yield from (f"{found}-{number}" for number in count(2))
