"""How much memory this process took at most."""

import resource
import sys

BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_megabytes() -> int:
    """Resident, since it began."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_A_UNIT / 2**20)
