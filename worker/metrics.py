"""The port at which a worker or beat answers Prometheus: what waits to be done, and how the process is."""

from collections.abc import Iterator
from contextlib import contextmanager

from database.session import Database
from settings import PREFIX, Settings
from telemetry.backlog import BacklogMetrics
from telemetry.connections import ConnectionMetrics
from telemetry.duties import DutyMetrics
from telemetry.exposition import Exposition
from telemetry.in_time import InTime
from telemetry.wellbeing import WellbeingMetrics

TIMEOUT_MS = 5_000


@contextmanager
def exposed(read: Settings, role: str, url: str) -> Iterator[None]:
    """Answer inside the block if the settings say so, over a connection that nothing else needs. Raises PortRefused."""
    name = f"{role}_metrics_listen"
    listen: str | None = getattr(read, name)
    if listen is None:
        yield
        return
    database = Database.at(url, pool_size=1, statement_timeout_ms=TIMEOUT_MS)
    duties = DutyMetrics(database, retrains=read.retrain_at is not None)
    told = InTime([BacklogMetrics(database), duties, WellbeingMetrics(database)])
    exposition = Exposition.at(listen, [told, ConnectionMetrics(database)], variable=f"{PREFIX}{name.upper()}")
    try:
        yield
    finally:
        exposition.close()
        told.close()
        database.close()
