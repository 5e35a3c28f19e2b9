"""Who stands behind a change that the command line makes."""

import getpass
from datetime import UTC, datetime

from campaigns.actor import Actor, Cause


def cause_of_operator(reason: str | None = None) -> Cause:
    """The person logged in, at this moment."""
    return Cause(actor=Actor(name=getpass.getuser()), now=datetime.now(UTC), reason=reason)
