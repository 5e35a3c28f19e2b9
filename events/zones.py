"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """All that this machine knows; the names are found once, for that takes as long as a hundred queries."""
    return frozenset(available_timezones())
