"""Who does what one alone does at a time: the first to ask, until its transaction ends."""

from database.session import Transaction, driver_connection

LEAD = "SELECT pg_try_advisory_xact_lock(hashtext(%s), hashtext(%s))"


def leads(transaction: Transaction, work: str, which: str) -> bool:
    """Whether this transaction may do it; nobody waits."""
    return driver_connection(transaction).execute(LEAD, (work, which)).fetchone() == (True,)
