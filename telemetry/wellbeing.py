"""How the model that answers is doing, read from the database whenever Prometheus asks."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from campaigns.watching import wellbeing
from database import patience
from database.failures import failure_of
from database.session import Database
from telemetry.backlog import SECONDS


class WellbeingMetrics(Collector):
    """The same from whichever process it is read; nothing without the database or a model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        drift = GaugeMetricFamily(
            "tierwise_model_feature_stability", "Population stability index since the model learned.",
            labels=["model", "feature"],
        )  # fmt: skip
        error = GaugeMetricFamily(
            "tierwise_model_calibration_error", "Of the newest month that came true.", labels=["model"]
        )
        slices = GaugeMetricFamily(
            "tierwise_model_slice_gap", "Mean chance less the share who bought, of the newest month that came true.",
            labels=["model", "kind", "slice"],
        )  # fmt: skip
        warnings = GaugeMetricFamily("tierwise_model_warnings", "As Home tells them.", labels=["model", "about"])
        found = self._read()
        if found is not None:
            for feature, stability in found.drifts.items():
                drift.add_metric([found.model_id, feature], stability)
            if found.matured is not None:
                error.add_metric([found.model_id], found.matured.calibration_error)
            for each in found.slices:
                slices.add_metric([found.model_id, each.kind, each.name], each.predicted - each.observed)
            for about, count in found.warnings.items():
                warnings.add_metric([found.model_id, about], count)
        yield from (drift, error, slices, warnings)

    def _read(self) -> wellbeing.Wellbeing | None:
        try:
            with self._database.reading() as snapshot:
                patience.limit(snapshot, SECONDS)
                return wellbeing.of_active(snapshot)
        except Exception as error:
            if failure_of(error) is None:
                raise
            return None
