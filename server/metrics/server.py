"""Everything that a server tells Prometheus, on a port of its own."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Self

from database.session import Database
from scoring.replicas.asking import Kind
from server.front.guard import Guard
from server.metrics.calls import CallMetrics, InFlightMetrics
from server.metrics.models import ModelMetrics
from server.metrics.pools import BatchMetrics, PoolMetrics
from server.scoring.live import Live
from server.scoring.predictions import Predictions
from telemetry.connections import ConnectionMetrics
from telemetry.exposition import Exposition


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """What is told of each call and batch; the rest is looked up when somebody asks."""

    batches: BatchMetrics
    calls: CallMetrics = field(default_factory=CallMetrics)

    @classmethod
    def of(cls, live: Live) -> Self:
        """For the server that answers with what is in force there."""

        def model_id(kind: Hashable) -> str:
            if isinstance(kind, Kind) and kind.model_id is not None:
                return kind.model_id
            model = live.in_force.model
            return "" if model is None else model.model_id

        return cls(batches=BatchMetrics(model_id))

    def exposed(
        self, listen: str | None, *, database: Database, guard: Guard, live: Live, predictions: Predictions
    ) -> Exposition | None:
        """None where no address is given. Raises PortRefused."""
        if listen is None:
            return None
        collectors = (
            self.calls, InFlightMetrics(guard.under_way), self.batches, PoolMetrics(predictions.figures),
            ModelMetrics(live, predictions.canary, predictions.stored), ConnectionMetrics(database),
        )  # fmt: skip
        return Exposition.at(listen, collectors, variable="TIERWISE_METRICS_LISTEN")
