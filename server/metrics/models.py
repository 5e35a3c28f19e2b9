"""The models in force, how often models came into it, how canaries answer, and what is answered without a model."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from server.scoring.canary_watch import CanaryWatch
from server.scoring.live import Live
from server.scoring.stored_answers import StoredAnswers


class ModelMetrics(Collector):
    """As this process holds them."""

    def __init__(self, live: Live, canary: CanaryWatch, stored: StoredAnswers) -> None:
        self._live, self._canary, self._stored = live, canary, stored

    def collect(self) -> Iterator[InfoMetricFamily | GaugeMetricFamily | CounterMetricFamily]:
        """For the registry."""
        now = self._live.in_force
        told = InfoMetricFamily("tierwise_model_in_force", "Which model answers, by which tier scheme.")
        if now.model is not None:
            scheme = "" if now.scheme is None else str(now.scheme.version)
            told.add_metric((), {"model": now.model.model_id, "tier_scheme": scheme})
        yield told
        shares = GaugeMetricFamily(
            "tierwise_model_customers_share", "Of the customers about whom a model answers.", labels=["model", "role"]
        )
        for role, model in now.models.items():
            shares.add_metric([model.model_id, role], now.share_of(role))
        yield shares
        reloads = CounterMetricFamily("tierwise_model_reloads", "Attempts to load a model.", labels=["outcome"])
        reloads.add_metric(["loaded"], self._live.loaded)
        reloads.add_metric(["rejected"], self._live.rejected)
        yield reloads
        questions = CounterMetricFamily("tierwise_canary_questions", "Asked of canaries.", labels=["outcome"])
        questions.add_metric(["answered"], self._canary.answered)
        questions.add_metric(["failed"], self._canary.failed)
        yield questions
        degraded = CounterMetricFamily(
            "tierwise_degraded_answers", "Scores that were the last stored ones.", labels=["reason"]
        )
        for reason, count in self._stored.counts().items():
            degraded.add_metric([reason.name.lower()], count)
        yield degraded
        yield CounterMetricFamily(
            "tierwise_canaries_set_aside", "Canaries that failed too often, here.", value=self._canary.set_aside
        )
