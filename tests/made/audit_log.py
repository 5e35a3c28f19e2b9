"""Lines of the audit log for tests, and what a hand that may do anything does to them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg

from campaigns import trail
from campaigns.audit import sealing
from campaigns.audit.chain import Finding, Mark
from campaigns.audit.sealing import Reach
from database.session import Database
from made.campaigns import NOW, make_cause
from worker.beat import sealer

LATER = NOW + timedelta(hours=1)


def write_lines(database: Database, count: int, *, now: datetime = NOW) -> None:
    """Each in a transaction of its own."""
    for number in range(count):
        with database.writing() as transaction:
            trail.done(transaction, make_cause(now), "campaigns.update", f"campaigns/c{number}", after={"n": number})


def sealed(database: Database, reach: Reach | None = None, *, limit: int = 1000) -> Reach | None:
    """Seal everything."""
    return sealer.seal(database, reach, now=NOW, limit=limit)


def verified(database: Database, marks: Sequence[Mark] = ()) -> Finding:
    with database.reading() as snapshot:
        return sealing.verify(snapshot, marks, after=0, now=LATER)


def tamper(database_url: str, *statements: str) -> None:
    """Change what cannot be changed: as the owner of everything, with the triggers off."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


def chain(database_url: str) -> list[tuple[int, int, bytes]]:
    """(seq, audit_id, hash) in their order."""
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT seq, audit_id, hash FROM audit_seals ORDER BY seq").fetchall()
