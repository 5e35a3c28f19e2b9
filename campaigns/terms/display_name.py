"""What people call a campaign or a segment: the same bounds as on the wire. Pure."""

import re

LONGEST = 100
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def fits(name: str) -> bool:
    """Whether people can read it, and it finds room in a line."""
    return bool(name.strip()) and len(name) <= LONGEST and not CONTROL.search(name)
