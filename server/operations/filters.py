"""The filter of ListOperations, which is a string because the request is Google's: a little of AIP-160."""

import re
from typing import NamedTuple

from database.work.operations import KINDS, STATES
from server.wire.refusals import InvalidRequest

TERM = re.compile(r'(?P<field>\w+) *= *(?P<quote>"?)(?P<value>\w+)(?P=quote)')
AND = re.compile(r"\s+AND\s+")
ANSWERS = {"true": True, "false": False}
VALUES = {"kind": KINDS, "state": STATES, "done": tuple(ANSWERS)}
LONGEST = 1000
"""Symbols: the search for AND tries each length of a gap, and nobody else is answered meanwhile."""
HOW = "write terms such as `kind = LAUNCH_CAMPAIGN`, `state = FAILED` or `done = false`, joined by AND"


class Filter(NamedTuple):
    """Which operations; None leaves all."""

    kind: str | None = None
    state: str | None = None
    done: bool | None = None


def filter_in(written: str) -> Filter:
    """Raises InvalidRequest."""
    if len(written) > LONGEST:
        raise InvalidRequest.of("filter", f"must be at most {LONGEST:,} symbols: {HOW}")
    found: dict[str, str] = {}
    for term in AND.split(written.strip()) if written.strip() else ():
        read = TERM.fullmatch(term)
        if read is None:
            raise InvalidRequest.of("filter", f"cannot read {term!r}: {HOW}")
        field, value = read["field"], read["value"]
        if value not in VALUES.get(field, ()):
            known = f"{field} is one of {', '.join(VALUES[field])}" if field in VALUES else HOW
            raise InvalidRequest.of("filter", f"cannot find by {term!r}: {known}")
        if field in found:
            raise InvalidRequest.of("filter", f"says {field} twice: {HOW}")
        found[field] = value
    done = found.get("done")
    return Filter(found.get("kind"), found.get("state"), None if done is None else ANSWERS[done])
