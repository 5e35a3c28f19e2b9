"""The connections of a process to its database."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from database.session import Database


class ConnectionMetrics(Collector):
    """How many are in use, and how many there may be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        now = self._database.connections()
        held = GaugeMetricFamily("tierwise_database_connections", "Connections to the database.", labels=["state"])
        held.add_metric(["in_use"], now.in_use)
        held.add_metric(["idle"], now.idle)
        yield held
        yield GaugeMetricFamily(
            "tierwise_database_connections_max", "Connections that this process may have.", value=now.most
        )
