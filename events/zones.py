"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import available_timezones

NOWHERE = frozenset({"localtime", "posixrules", "Factory"})
"""Of whichever machine reads them, or of none; PostgreSQL does not know the first."""


@cache
def zones() -> frozenset[str]:
    """All that this machine knows; the names are found once, for that takes as long as a hundred queries."""
    return frozenset(available_timezones() - NOWHERE)
