"""How many files, connections among them, this process may have open."""

import resource


def allow_many() -> None:
    """As many as the machine grants: what is usual, 1024, is little for a port that holds callers' connections open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
